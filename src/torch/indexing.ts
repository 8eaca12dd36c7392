import { operator } from "./dispatch";
import { describe } from "./errors";
import { Tensor } from "./tensor";

/** A range of a dimension; null stands for the end that it is. */
export class Slice {
  constructor(
    readonly start: number | null,
    readonly stop: number | null,
    readonly step: number,
  ) {}
}

/** One index of `x.index(...)`: null is a new axis, a Tensor picks by position or by mask. */
export type Index = number | null | Slice | "..." | boolean | Tensor | readonly number[];

/** start:stop:step of Python, for `x.index(...)`. */
export function slice(start: number | null = null, stop: number | null = null, step = 1): Slice {
  return new Slice(start, stop, step);
}

const select = operator("aten::select", "int");
const sliceOf = operator("aten::slice", "Tensor");
const unsqueeze = operator("aten::unsqueeze");
const indexTensor = operator("aten::index", "Tensor");
const fullBool = operator("aten::full");

/**
 * Basic indices become views; tensors, as in Python, one gather at the end.
 * Throws TypeError for what is no index, TorchError for what is out of range.
 */
export function applyIndex(x: Tensor, indices: readonly Index[]): Tensor {
  const ellipses = indices.filter((index) => index === "...").length;
  if (ellipses > 1) throw new TypeError(`index: expected at most one "...", given ${ellipses}`);
  const taken = indices.reduce((sum: number, index) => sum + dimensionsOf(index), 0);
  const hidden = x.ndim - taken;
  if (hidden < 0) {
    throw new TypeError(
      `index: expected at most ${x.ndim} indices for shape [${x.shape.join(", ")}], given ${taken}`,
    );
  }

  let view = x;
  let dim = 0;
  const gathered: (Tensor | null)[] = [];
  const gather = (positions: Tensor) => {
    while (gathered.length < dim) gathered.push(null);
    gathered[dim] = positions;
    dim += 1;
  };
  for (const index of indices) {
    if (index === "...") dim += hidden;
    else if (index === null) view = unsqueeze(view, dim++) as Tensor;
    else if (typeof index === "number") view = select(view, dim, index) as Tensor;
    else if (index instanceof Slice) {
      view = sliceOf(view, dim++, index.start, index.stop, index.step) as Tensor;
    } else if (typeof index === "boolean") {
      view = unsqueeze(view, dim) as Tensor;
      gather(fullBool([1], index, { dtype: "bool", device: x.device }) as Tensor);
    } else gather(toPositions(index, x));
  }
  return gathered.length > 0 ? (indexTensor(view, gathered) as Tensor) : view;
}

/** How many dimensions of the indexed tensor an index uses up. */
function dimensionsOf(index: Index): number {
  if (index === null || index === "..." || typeof index === "boolean") return 0;
  if (index instanceof Tensor) return index.dtype === "bool" ? index.ndim : 1;
  const isKnown = typeof index === "number" || index instanceof Slice || Array.isArray(index);
  if (isKnown) return 1;
  throw new TypeError(
    'index: expected an integer, null, torch.slice(...), "...", a boolean, an array of integers ' +
      `or a Tensor, given ${describe(index)}`,
  );
}

function toPositions(index: Tensor | readonly number[], x: Tensor): Tensor {
  if (index instanceof Tensor) return index;
  const positions = operator("aten::scalar_tensor");
  const all = index.map((position) => positions(position, { dtype: "int64", device: x.device }));
  return operator("aten::stack")(all) as Tensor;
}
