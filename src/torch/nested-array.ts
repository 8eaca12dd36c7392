import type { Scalar } from "./dtype";
import { native } from "./native";
import type { Tensor } from "./tensor";

/** A value, or arrays of values, as deep as the shape is long. */
export type NestedArray<T> = T | NestedArray<T>[];

/** A tensor's elements in arrays within arrays: `x.toArray()`. */
export function nested(tensor: Tensor): unknown {
  const { shape } = tensor;
  checkCount(shape);
  return nest(elements(tensor), shape);
}

/** More would fill the memory that JavaScript has, which ends the process. */
const mostInArrays = 2 ** 26;

function checkCount(shape: readonly number[]): void {
  if (shape.length > 64) {
    throw new TypeError(
      `toArray: expected at most 64 dimensions, given ${shape.length}; x.squeeze() or x.flatten() first`,
    );
  }
  let count = 1;
  for (const size of shape) {
    if (size === 0) return;
    count *= size;
    if (count <= mostInArrays) continue;
    throw new TypeError(
      `toArray: a tensor of shape [${shape.join(", ")}] is too large for nested arrays: expected at most ${mostInArrays} numbers or arrays; toTypedArray() ` +
        "copies its elements, index(...) narrows it",
    );
  }
}

/** The elements in row-major order; integers beyond 2^53 stay bigints. */
function elements(tensor: Tensor): Scalar[] {
  const data = native.toTypedArray(tensor);
  if (tensor.dtype.startsWith("complex")) {
    const pairs = data as Float64Array;
    const count = pairs.length / 2;
    return Array.from({ length: count }, (_, i) => ({ re: pairs[2 * i], im: pairs[2 * i + 1] }));
  }
  if (tensor.dtype === "bool") return Array.from(data as Uint8Array, (value) => value !== 0);
  const isBig = data instanceof BigInt64Array || data instanceof BigUint64Array;
  return isBig ? Array.from(data, exactNumber) : Array.from(data);
}

function exactNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function nest<T>(values: T[], [count, ...rest]: readonly number[]): NestedArray<T> {
  if (count === undefined) return values[0];
  if (rest.length === 0) return values;
  const stride = values.length / Math.max(count, 1);
  return Array.from({ length: count }, (_, i) =>
    nest(values.slice(i * stride, (i + 1) * stride), rest),
  );
}
