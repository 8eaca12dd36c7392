import type { DType } from "./dtype";
import { describe } from "./errors";

/** The machine limits of a floating dtype; of a complex one those of its parts. */
export interface FloatInfo {
  readonly dtype: DType;
  readonly bits: number;
  /** The distance from 1 to the next larger number. */
  readonly eps: number;
  readonly max: number;
  readonly min: number;
  /** The smallest positive normal number. */
  readonly tiny: number;
  readonly smallestNormal: number;
  /** 10^-(decimal digits that are exact). */
  readonly resolution: number;
}

/** The limits of an integer dtype. */
export interface IntegerInfo {
  readonly dtype: DType;
  readonly bits: number;
  /** A bigint where a number would not be exact. */
  readonly min: number | bigint;
  readonly max: number | bigint;
}

/** Limits of "float32", "bfloat16", ... Throws TypeError for a dtype that is not floating. */
export function finfo(dtype: DType = "float32"): FloatInfo {
  const format = formats[parts[dtype] ?? dtype];
  if (!format) {
    throw new TypeError(
      `finfo: argument 'dtype': expected a floating or complex dtype, given ${describe(dtype)}; ` +
        "torch.iinfo knows integers",
    );
  }
  const [bits, mantissa, least, max, min = -max] = format;
  const eps = 2 ** -mantissa;
  const tiny = 2 ** least;
  const digits = Math.floor(mantissa * Math.log10(2));
  const resolution = Number(`1e-${digits}`);
  return { dtype, bits, eps, max, min, tiny, smallestNormal: tiny, resolution };
}

/** Limits of "int64", "uint8", ... Throws TypeError for a dtype that is no integer. */
export function iinfo(dtype: DType): IntegerInfo {
  const match = /^(u?)int(\d+)$/.exec(dtype);
  if (!match) {
    throw new TypeError(
      `iinfo: argument 'dtype': expected an integer dtype, given ${describe(dtype)}; ` +
        "torch.finfo knows floats",
    );
  }
  const bits = Number(match[2]);
  const isSigned = match[1] === "";
  const max = 2n ** BigInt(isSigned ? bits - 1 : bits) - 1n;
  return { dtype, bits, min: exact(isSigned ? -max - 1n : 0n), max: exact(max) };
}

/**
 * Bits, bits of the fraction, exponent of the smallest normal number, the largest and the least number.
 * float8_e4m3fnuz and e5m2fnuz are PyTorch's: it gives both the distance of the former (c10/util).
 */
const formats: Readonly<Record<string, readonly [number, number, number, number, number?]>> = {
  float64: [64, 52, -1022, Number.MAX_VALUE],
  float32: [32, 23, -126, (2 - 2 ** -23) * 2 ** 127],
  float16: [16, 10, -14, 65504],
  bfloat16: [16, 7, -126, (2 - 2 ** -7) * 2 ** 127],
  float8_e4m3fn: [8, 3, -6, 448],
  float8_e5m2: [8, 2, -14, 57344],
  float8_e4m3fnuz: [8, 3, -7, 240],
  float8_e5m2fnuz: [8, 3, -15, 57344],
  float8_e8m0fnu: [8, 0, -127, 2 ** 127, 2 ** -127],
};

const parts: Readonly<Record<string, string>> = {
  complex32: "float16",
  complex64: "float32",
  complex128: "float64",
};

function exact(value: bigint): number | bigint {
  return BigInt(Number(value)) === value && Number.isSafeInteger(Number(value))
    ? Number(value)
    : value;
}
