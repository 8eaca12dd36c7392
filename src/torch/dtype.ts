/** Element types, by PyTorch's names. */
export const dtypes = [
  "float32",
  "float64",
  "float16",
  "bfloat16",
  "int64",
  "int32",
  "int16",
  "int8",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  "bool",
  "complex64",
  "complex128",
  "complex32",
  "float8_e4m3fn",
  "float8_e5m2",
  "float8_e4m3fnuz",
  "float8_e5m2fnuz",
  "float8_e8m0fnu",
  "float4_e2m1fn_x2",
] as const;

/** An element type, by PyTorch's name without `torch.`; the quantized ones come from operators alone. */
export type DType = (typeof dtypes)[number] | "qint8" | "quint8" | "qint32";

/** "cpu", "cuda" (the current one), "cuda:1", "meta" (shapes without data). */
export type Device = "cpu" | "cuda" | "meta" | (string & {});

/** How a tensor's elements lie, by PyTorch's names. */
export type Layout =
  | "strided"
  | "sparse_coo"
  | "sparse_csr"
  | "sparse_csc"
  | "sparse_bsr"
  | "sparse_bsc"
  | "mkldnn";

/** In which order dimensions lie in memory, by PyTorch's names. */
export type MemoryFormat =
  | "contiguous_format"
  | "preserve_format"
  | "channels_last"
  | "channels_last_3d";

/** A complex number, as an operator takes it and `item` gives it. */
export interface Complex {
  readonly re: number;
  readonly im: number;
}

/** A number to an operator: whole ones count as integers, as in PyTorch. */
export type Scalar = number | boolean | bigint | Complex;

/** What becomes of the losses of elements, or the number that LibTorch has for it. */
export type Reduction = "none" | "mean" | "sum" | number;

/** Whether a value is a complex number: an object of `re` and `im` and nothing else. */
export function isComplexNumber(value: unknown): value is Complex {
  if (typeof value !== "object" || value === null) return false;
  const { re, im } = value as Partial<Complex>;
  return typeof re === "number" && typeof im === "number" && Object.keys(value).length === 2;
}

export function isDType(name: string): name is DType {
  return (dtypes as readonly string[]).includes(name);
}
