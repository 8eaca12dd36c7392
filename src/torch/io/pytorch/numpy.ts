import type { DType } from "../../dtype";
import { isSizes, itemSize } from "../dtypes";
import { toDtype } from "../numpy/dtypes";
import type { Charge, Stateful } from "../unpickler";

// numpy's scalars and arrays inside of pickles: metrics, random states, statistics.

/** numpy.dtype("f8", ...); its state has the byte order. */
export class NumpyDtype implements Stateful {
  private order = "<";

  constructor(private readonly code: string) {}

  setState(state: unknown): void {
    const order = Array.isArray(state) ? state[1] : undefined;
    if (typeof order === "string") this.order = order;
  }

  get dtype(): DType {
    return toDtype(/^[|<>=]/.test(this.code) ? this.code : this.order + this.code);
  }

  /** "U3" -> a text of 3 characters; null for numbers. */
  get characters(): number | null {
    const [, digits] = /^[<>|=]?U(\d+)$/.exec(this.code) ?? [];
    return digits === undefined ? null : Number(digits);
  }
}

/** An array, empty until it gets its state: (version, shape, dtype, is Fortran order, bytes). */
export class NumpyArray implements Stateful {
  shape: readonly number[] = [0];
  dtype: DType = "uint8";
  isFortran = false;
  bytes: Buffer = Buffer.alloc(0);

  setState(state: unknown, charge: Charge): void {
    const [, shape, dtype, isFortran, bytes] = Array.isArray(state) ? state : [];
    const isArray = isSizes(shape) && dtype instanceof NumpyDtype;
    if (!isArray || !Buffer.isBuffer(bytes)) {
      throw new Error("an array of numpy's holds no plain numbers");
    }
    charge(2 * bytes.length);
    this.shape = shape;
    this.dtype = dtype.dtype;
    this.isFortran = isFortran === true;
    this.bytes = bytes;
    const needed = shape.reduce((count, size) => count * size, itemSize(this.dtype));
    if (needed !== bytes.length) throw new Error("an array of numpy's is cut off");
  }
}

/** numpy.core.multiarray.scalar(dtype, bytes) as a number, a bigint, a boolean or { re, im }. */
export function numpyScalar([type, bytes]: readonly unknown[]): unknown {
  if (!(type instanceof NumpyDtype) || !Buffer.isBuffer(bytes)) {
    throw new Error("a number of numpy's is not described as one");
  }
  const { characters } = type;
  if (characters !== null) return readText(bytes, characters);
  const { dtype } = type;
  if (bytes.length !== itemSize(dtype)) throw new Error("a number of numpy's is cut off");
  return readers[dtype]?.(bytes);
}

const readers: Partial<Record<DType, (bytes: Buffer) => unknown>> = {
  float64: (bytes) => bytes.readDoubleLE(),
  float32: (bytes) => bytes.readFloatLE(),
  float16: (bytes) => readHalf(bytes.readUInt16LE()),
  int64: (bytes) => exact(bytes.readBigInt64LE()),
  int32: (bytes) => bytes.readInt32LE(),
  int16: (bytes) => bytes.readInt16LE(),
  int8: (bytes) => bytes.readInt8(),
  uint64: (bytes) => exact(bytes.readBigUInt64LE()),
  uint32: (bytes) => bytes.readUInt32LE(),
  uint16: (bytes) => bytes.readUInt16LE(),
  uint8: (bytes) => bytes.readUInt8(),
  bool: (bytes) => bytes[0] !== 0,
  complex64: (bytes) => ({ re: bytes.readFloatLE(0), im: bytes.readFloatLE(4) }),
  complex128: (bytes) => ({ re: bytes.readDoubleLE(0), im: bytes.readDoubleLE(8) }),
};

function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** IEEE 754 binary16. */
function readHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** UTF-32, filled up with zeros. */
function readText(bytes: Buffer, characters: number): string {
  if (bytes.length !== 4 * characters) throw new Error("a text of numpy's is cut off");
  const points = Array.from({ length: characters }, (_, i) => bytes.readUInt32LE(4 * i));
  if (points.some((point) => point > 0x10ffff)) throw new Error("a text of numpy's is damaged");
  return points
    .map((point) => String.fromCodePoint(point))
    .join("")
    .replace(/\0+$/, "");
}
