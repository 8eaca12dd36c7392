import { operator } from "./dispatch";
import { isComplexNumber, type Scalar } from "./dtype";
import { checkOptions, describe } from "./errors";
import { type Index, select } from "./indexing";
import { scope } from "./memory";
import { Tensor } from "./tensor";

/** Options of `indexPut` and `indexPut_`. */
export interface IndexPutOptions {
  /** Adds to what is there; positions that occur twice are added to twice. */
  readonly accumulate?: boolean;
}

/**
 * x[indices] = value of Python, in place: `torch.indexPut_(x, [0, null, torch.slice(1, 3)], value)`.
 *
 * A number takes x's dtype; a tensor is broadcast to the shape of `x.index(...indices)`, and where an
 * index is a tensor or an array must have x's dtype. Gradients go to x and to the value. Throws
 * TypeError for what is no index, TorchError for shapes, dtypes and positions that do not fit.
 */
export function indexPut_<T extends Tensor>(
  x: T,
  indices: readonly Index[],
  value: Tensor | Scalar,
  options: IndexPutOptions = {},
): T {
  const what = "indexPut_";
  const accumulate = checked(what, indices, value, options);
  scope(() => {
    const { view, gathered } = select(what, x, indices);
    const values = value instanceof Tensor ? value : scalarLike(view, value);
    if (gathered.length > 0) putTensors(view, gathered, withoutLeadingOnes(values, 0), accumulate);
    else if (accumulate) view.add_(withoutLeadingOnes(values, view.ndim));
    else view.copy_(withoutLeadingOnes(values, view.ndim));
  });
  return x;
}

/** The same on a copy; x stays as it is. */
export function indexPut(
  x: Tensor,
  indices: readonly Index[],
  value: Tensor | Scalar,
  options: IndexPutOptions = {},
): Tensor {
  return scope(() => indexPut_(x.clone(), indices, value, options));
}

const putTensors = operator("aten::index_put_");
const full = operator("aten::full");

function checked(
  what: string,
  indices: readonly Index[],
  value: unknown,
  options: IndexPutOptions,
): boolean {
  if (!Array.isArray(indices)) {
    throw new TypeError(
      `${what}: argument 'indices': expected an array of indices, given ${describe(indices)}`,
    );
  }
  const isValue =
    value instanceof Tensor ||
    ["number", "boolean", "bigint"].includes(typeof value) ||
    isComplexNumber(value);
  if (!isValue) {
    throw new TypeError(
      `${what}: argument 'value': expected a Tensor, a number, a boolean or { re, im }, given ${describe(value)}`,
    );
  }
  checkOptions(what, options, ["accumulate"]);
  const { accumulate = false } = options;
  if (typeof accumulate === "boolean") return accumulate;
  throw new TypeError(
    `${what}: option 'accumulate': expected a boolean, given ${describe(accumulate)}`,
  );
}

function scalarLike({ dtype, device }: Tensor, value: Scalar): Tensor {
  return full([], value, { dtype, device }) as Tensor;
}

/** As NumPy, PyTorch takes a value of shape [1, 1, 3] for a place of shape [3]. */
function withoutLeadingOnes(value: Tensor, dimensions: number): Tensor {
  const { shape } = value;
  let ones = 0;
  while (shape.length - ones > dimensions && shape[ones] === 1) ones += 1;
  return ones === 0 ? value : value.reshape(shape.slice(ones));
}
