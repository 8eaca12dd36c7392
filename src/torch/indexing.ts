import { operator, wrap } from "./dispatch";
import { describe } from "./errors";
import { native } from "./native";
import { Tensor } from "./tensor";

/** A range of a dimension; null stands for the end that it is. */
export class Slice {
  constructor(
    readonly start: number | bigint | null,
    readonly stop: number | bigint | null,
    readonly step: number | bigint,
  ) {}
}

/** Positions or a mask as nested arrays. */
export type IndexArray = readonly (number | bigint | boolean | IndexArray)[];

/**
 * One index of `x.index(...)` and `x.indexPut_([...], value)`: an integer picks, a slice narrows, null
 * is a new axis, "..." stands for as many whole dimensions as fit, a Tensor or an array picks by
 * position (integers) or by mask (booleans).
 *
 * As in Python, an array of arrays that is the only index is a list of indices: `x.index([[0, 1], [1, 0]])` is
 * `x.index([0, 1], [1, 0])`. `x.index([[0, 1], [1, 0]], "...")` picks by a matrix of positions.
 */
export type Index = number | bigint | null | Slice | "..." | boolean | Tensor | IndexArray;

/**
 * start:stop:step of Python, for `x.index(...)`. Throws TypeError for what is no integer, and for a
 * step below 1: `x.flip(dim)` reverses.
 */
export function slice(
  start: number | bigint | null = null,
  stop: number | bigint | null = null,
  step: number | bigint = 1,
): Slice {
  for (const [name, value] of Object.entries({ start, stop })) {
    if (value === null || isInteger(value)) continue;
    throw new TypeError(
      `slice: argument '${name}': expected an integer or null, given ${describe(value)}`,
    );
  }
  if (isInteger(step) && step > 0) return new Slice(start, stop, step);
  throw new TypeError(
    `slice: argument 'step': expected an integer of at least 1, given ${describe(step)}; ` +
      "x.flip(dim) reverses a dimension",
  );
}

/** Whole numbers that are exact, and bigints that LibTorch can hold. */
function isInteger(value: unknown): value is number | bigint {
  return typeof value === "bigint"
    ? BigInt.asIntN(64, value) === value
    : Number.isSafeInteger(value);
}

/** What indices mean: a view of the tensor, then one gather by the tensors among them. */
export interface Selection {
  readonly view: Tensor;
  /** For each dimension of the view positions, a mask over one or more, or null for all. */
  readonly gathered: readonly (Tensor | null)[];
}

const indexTensor = operator("aten::index", "Tensor");

/** x[...] of Python. Throws TypeError for what is no index, TorchError for what is out of range. */
export function applyIndex(x: Tensor, indices: readonly Index[]): Tensor {
  const { view, gathered } = select("index", x, indices);
  if (gathered.length > 0) return indexTensor(view, gathered) as Tensor;
  return view === x ? (alias(x) as Tensor) : view;
}

const alias = operator("aten::alias");
const selectOf = operator("aten::select", "int");
const sliceOf = operator("aten::slice", "Tensor");
const unsqueeze = operator("aten::unsqueeze");
const full = operator("aten::full");

/** `what` names the caller in errors. */
export function select(what: string, x: Tensor, given: readonly Index[]): Selection {
  const indices = listed(given).map((index) => plain(what, index, x));
  const ellipses = indices.filter((index) => index === "...").length;
  if (ellipses > 1) throw new TypeError(`${what}: expected at most one "...", given ${ellipses}`);
  const taken = indices.reduce((sum: number, index) => sum + dimensionsOf(index), 0);
  const hidden = x.ndim - taken;
  if (hidden < 0) {
    throw new TypeError(
      `${what}: expected at most ${x.ndim} indices for shape [${x.shape.join(", ")}], given ${taken}`,
    );
  }

  let view = x;
  let dim = 0;
  const gathered: (Tensor | null)[] = [];
  let covered = 0; // dimensions of the view that `gathered` speaks of; a mask may take several
  const gather = (positions: Tensor, dimensions: number) => {
    for (; covered < dim; covered++) gathered.push(null);
    gathered.push(positions);
    covered = dim += dimensions;
  };
  for (const index of indices) {
    if (index === "...") dim += hidden;
    else if (index === null) view = unsqueeze(view, dim++) as Tensor;
    else if (typeof index === "number" || typeof index === "bigint") {
      view = selectOf(view, dim, index) as Tensor;
    } else if (index instanceof Slice) {
      view = sliceOf(view, dim++, index.start, index.stop, index.step) as Tensor;
    } else if (typeof index === "boolean") {
      view = unsqueeze(view, dim) as Tensor;
      gather(full([1], index, { dtype: "bool", device: x.device }) as Tensor, 1);
    } else gather(index, dimensionsOf(index));
  }
  return { view, gathered };
}

/** Python's treatSequenceAsTuple (torch/csrc/autograd/python_variable_indexing.cpp). */
function listed(given: readonly Index[]): readonly Index[] {
  const [only] = given;
  if (given.length !== 1 || !Array.isArray(only) || only.length >= 32) return given;
  const holdsIndices = (only as readonly Index[]).some(
    (part) =>
      Array.isArray(part) ||
      part instanceof Tensor ||
      part instanceof Slice ||
      part === null ||
      part === "...",
  );
  return holdsIndices ? only : given;
}

type PlainIndex = number | bigint | null | Slice | "..." | boolean | Tensor;

/** Arrays become tensors, tensors without dimensions the number or boolean that they are. */
function plain(what: string, index: Index, x: Tensor): PlainIndex {
  if (Array.isArray(index)) return toTensor(what, index, x);
  if (index instanceof Tensor) {
    const isScalar = index.ndim === 0 && /int|bool/.test(index.dtype);
    return isScalar ? index.item<number | bigint | boolean>() : index;
  }
  const isKnown =
    index === null ||
    index === "..." ||
    typeof index === "boolean" ||
    isInteger(index) ||
    index instanceof Slice;
  if (isKnown) return index as PlainIndex;
  throw new TypeError(
    `${what}: expected an integer, null, torch.slice(...), "...", a boolean, an array of integers ` +
      `or booleans, or a Tensor, given ${describe(index)}`,
  );
}

/** How many dimensions of the indexed tensor an index uses up. */
function dimensionsOf(index: PlainIndex): number {
  if (index === null || index === "..." || typeof index === "boolean") return 0;
  const isMask = index instanceof Tensor && ["bool", "uint8"].includes(index.dtype);
  return isMask ? index.ndim : 1;
}

const maximalDepth = 64;

/** Nested arrays as int64 or bool. Throws TypeError for mixed kinds and rows of unequal length. */
function toTensor(what: string, nested: IndexArray, x: Tensor): Tensor {
  const shape = [nested.length];
  let isEven = true;
  let values: readonly unknown[] = nested;
  for (let first = values[0]; Array.isArray(first); first = values[0]) {
    if (shape.length === maximalDepth) {
      throw new TypeError(
        `${what}: expected at most ${maximalDepth} levels of arrays as an index, given more`,
      );
    }
    const { length } = first;
    isEven &&= values.every((row) => Array.isArray(row) && row.length === length);
    shape.push(length);
    values = values.flat();
  }
  const isMask = typeof values[0] === "boolean";
  const bad = values.find((value) => (isMask ? typeof value !== "boolean" : !isInteger(value)));
  if (!isEven || bad !== undefined) {
    const problem = isEven ? describe(bad) : "rows of unequal length";
    throw new TypeError(
      `${what}: expected arrays of ${isMask ? "booleans" : "integers"}, given ${problem}`,
    );
  }
  const data = isMask
    ? Uint8Array.from(values as boolean[], Number)
    : BigInt64Array.from(values as (number | bigint)[], BigInt);
  return wrap(native.fromTypedArray(data, shape, isMask ? "bool" : "int64", x.device, false));
}
