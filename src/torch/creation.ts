import { operator, wrap } from "./dispatch";
import { type Complex, type Device, type DType, dtypes, isComplexNumber, isDType } from "./dtype";
import { checkOptions, describe } from "./errors";
import { scope } from "./memory";
import { native, type TypedArray } from "./native";
import { iinfo } from "./numeric-limits";
import { type NestedArray, Tensor } from "./tensor";

/** Options of `tensor`. */
export interface TensorOptions {
  /** By default the one that its elements need. */
  readonly shape?: readonly number[];
  /**
   * By default float32 for numbers, bool for booleans, int64 for bigints, complex64 where there is a complex
   * number, and a typed array's own.
   */
  readonly dtype?: DType;
  readonly device?: Device;
  readonly requiresGrad?: boolean;
}

/** What `tensor` makes a tensor of. */
export type TensorData = NestedArray<number | boolean | bigint | Complex> | TypedArray;

/**
 * A tensor with a copy of the values: a number, nested arrays of them, or a typed array. Complex numbers are
 * `{ re, im }`, as `toArray` and `item` give them, and may have numbers among them.
 *
 * Throws TypeError for rows of unequal length, mixed kinds of values, unknown options; TorchError
 * when `shape` needs another number of elements.
 */
export function tensor(data: TensorData | Tensor, options: TensorOptions = {}): Tensor {
  checkTensorOptions(options);
  if (data instanceof Tensor) return copyOf(data, options);
  const { device = "cpu", requiresGrad = false } = options;
  const { values, shape, dtype } = ArrayBuffer.isView(data)
    ? fromTypedArray(data as TypedArray)
    : fromNested(data, options.dtype);
  if (dtype === "complex64" && values instanceof Float64Array)
    return ofPairs(values, shape, options);
  return wrap(
    native.fromTypedArray(
      values,
      options.shape ?? shape,
      options.dtype ?? dtype,
      device,
      requiresGrad,
    ),
  );
}

interface Flat {
  readonly values: TypedArray;
  readonly shape: number[];
  readonly dtype: DType;
}

const known = ["shape", "dtype", "device", "requiresGrad"];

function checkTensorOptions(options: TensorOptions): void {
  checkOptions("tensor", options, known);
  const { shape, dtype } = options;
  const isShape = (value: unknown) =>
    Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (shape !== undefined && !isShape(shape)) {
    const given = Array.isArray(shape) ? `[${shape.map(describe).join(", ")}]` : describe(shape);
    throw new TypeError(
      `tensor: option 'shape': expected an array of sizes of at least 0, given ${given}`,
    );
  }
  if (dtype !== undefined && !isDType(dtype)) {
    throw new TypeError(
      `tensor: option 'dtype': expected one of ${dtypes.join(", ")}, given ${describe(dtype)}`,
    );
  }
}

function copyOf(source: Tensor, options: TensorOptions): Tensor {
  const { shape = source.shape, requiresGrad = false, ...target } = options;
  const copy = source
    .detach()
    .to({ ...target, copy: true })
    .reshape([...shape]);
  return requiresGrad ? copy.requiresGrad_() : copy;
}

/** Complex numbers from their parts in turn. */
function ofPairs(pairs: Float64Array, shape: number[], options: TensorOptions): Tensor {
  const { dtype = "complex64", device = "cpu", requiresGrad = false } = options;
  if (!dtype.startsWith("complex")) {
    throw new TypeError(
      `tensor: option 'dtype': expected a complex one for complex numbers, given ${describe(dtype)}`,
    );
  }
  return scope(() => {
    const parts = wrap(native.fromTypedArray(pairs, [...shape, 2], "float64", "cpu", false));
    const whole = (viewAsComplex(parts) as Tensor).to({ dtype, device, copy: true });
    const shaped = options.shape ? whole.reshape([...options.shape]) : whole;
    return requiresGrad ? shaped.requiresGrad_() : shaped;
  });
}

const viewAsComplex = operator("aten::view_as_complex");

const dtypeOfArray: Readonly<Record<string, DType>> = {
  Float32Array: "float32",
  Float64Array: "float64",
  Int8Array: "int8",
  Uint8Array: "uint8",
  Uint8ClampedArray: "uint8",
  Buffer: "uint8",
  Int16Array: "int16",
  Uint16Array: "uint16",
  Int32Array: "int32",
  Uint32Array: "uint32",
  BigInt64Array: "int64",
  BigUint64Array: "uint64",
};

function fromTypedArray(values: TypedArray): Flat {
  const dtype = dtypeOfArray[values.constructor.name];
  if (dtype) return { values, shape: [values.length], dtype };
  throw new TypeError(
    `tensor: argument 'data': expected a typed array of numbers, given ${describe(values)}`,
  );
}

const maximalDepth = 64;

function fromNested(data: unknown, wanted: DType | undefined): Flat {
  const shape = shapeOf(data);
  const values: unknown[] = [];
  flatten(data, shape, [], values);
  if (values.some((value) => typeof value === "object")) {
    return { values: pairsOf(values), shape, dtype: "complex64" };
  }
  const kind = values.length > 0 ? typeof values[0] : "number";
  const stranger = values.findIndex((value) => typeof value !== kind);
  if (stranger >= 0) {
    throw new TypeError(
      `tensor: argument 'data': expected only ${kind}s, as the first element is one, given ` +
        `${describe(values[stranger])} at element ${stranger}`,
    );
  }
  if (kind === "boolean") {
    return { values: Uint8Array.from(values as boolean[], Number), shape, dtype: "bool" };
  }
  if (kind === "bigint") {
    checkWhole(values as bigint[], wanted);
    return { ...bigints(values as bigint[], wanted), shape };
  }
  checkWhole(values as number[], wanted);
  return { values: Float64Array.from(values as number[]), shape, dtype: "float32" };
}

/** Real and imaginary parts in turn. Throws TypeError where something else is among the numbers. */
function pairsOf(values: readonly unknown[]): Float64Array {
  const pairs = new Float64Array(2 * values.length);
  for (const [i, value] of values.entries()) {
    if (typeof value !== "object" && typeof value !== "number") {
      throw new TypeError(
        `tensor: argument 'data': expected complex numbers or numbers, given ${describe(value)} at ` +
          `element ${i}`,
      );
    }
    const { re, im } = typeof value === "number" ? { re: value, im: 0 } : (value as Complex);
    pairs[2 * i] = re;
    pairs[2 * i + 1] = im;
  }
  return pairs;
}

/** As int64, or as uint64 where that is asked for. */
function bigints(values: bigint[], wanted: DType | undefined): Omit<Flat, "shape"> {
  if (wanted === "uint64" && values.every((value) => value >= 0n)) {
    return { values: BigUint64Array.from(values), dtype: wanted };
  }
  const outside = values.find((value) => BigInt.asIntN(64, value) !== value);
  if (outside === undefined) return { values: BigInt64Array.from(values), dtype: "int64" };
  throw new TypeError(
    `tensor: argument 'data': expected 64-bit integers (dtype: "uint64" for those from 2^63 on), given ` +
      `${outside}n`,
  );
}

/**
 * What an integer dtype cannot hold: converting it is undefined in C++. Fractions are cut off, and negative
 * numbers wrap in unsigned dtypes, as in PyTorch.
 */
function checkWhole(values: readonly (number | bigint)[], dtype: DType | undefined): void {
  if (!dtype || !/^u?int/.test(dtype)) return;
  const { bits, min } = iinfo(dtype);
  const end = min < 0 ? 2 ** (bits - 1) : 2 ** bits;
  const least = min < 0 ? -end : 1 - end;
  const bad = values.find((value) => {
    const whole = typeof value === "bigint" ? value : Math.trunc(value);
    return !(whole >= least && whole < end);
  });
  if (bad === undefined) return;
  const isWhole = typeof bad === "bigint" || Number.isFinite(bad);
  const expected = isWhole ? `numbers that ${dtype} holds` : `finite numbers for ${dtype}`;
  throw new TypeError(`tensor: argument 'data': expected ${expected}, given ${describe(bad)}`);
}

/** The lengths along the first element of each level; `flatten` checks that all agree. */
function shapeOf(data: unknown): number[] {
  const shape: number[] = [];
  for (let level = data; Array.isArray(level); level = level[0]) {
    shape.push(level.length);
    if (shape.length > maximalDepth) {
      throw new TypeError(
        `tensor: argument 'data': expected at most ${maximalDepth} levels of arrays, given more`,
      );
    }
  }
  return shape;
}

/** Appends the elements in row-major order; `path` leads to `data`, for errors. */
function flatten(data: unknown, shape: number[], path: number[], into: unknown[]): void {
  const length = shape[path.length];
  if (length === undefined) into.push(element(data, path));
  else if (!Array.isArray(data) || data.length !== length) {
    throw new TypeError(
      `tensor: argument 'data': expected arrays of equal length (${length} elements), ` +
        `given ${describe(data)}${at(path)}`,
    );
  } else {
    const depth = path.push(0) - 1;
    for (const [i, part] of data.entries()) {
      path[depth] = i;
      flatten(part, shape, path, into);
    }
    path.pop();
  }
}

function element(data: unknown, path: readonly number[]): number | boolean | bigint | Complex {
  if (typeof data === "number" || typeof data === "boolean" || typeof data === "bigint") {
    return data;
  }
  if (isComplexNumber(data)) return data;
  const hint = data instanceof Tensor ? "; torch.stack(tensors) joins tensors" : "";
  throw new TypeError(
    `tensor: argument 'data': expected a number, a boolean, a bigint or { re, im }, given ` +
      `${describe(data)}${at(path)}${hint}`,
  );
}

function at(path: readonly number[]): string {
  return path.length > 0 ? ` at [${path.join("][")}]` : "";
}
