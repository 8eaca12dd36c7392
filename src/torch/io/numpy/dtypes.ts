import type { DType } from "../../dtype";

// Elements as numpy's array interface names them: byte order, kind, bytes ("<f4").

const dtypeByCode: Readonly<Record<string, DType>> = {
  f8: "float64",
  f4: "float32",
  f2: "float16",
  i8: "int64",
  i4: "int32",
  i2: "int16",
  i1: "int8",
  u8: "uint64",
  u4: "uint32",
  u2: "uint16",
  u1: "uint8",
  b1: "bool",
  c16: "complex128",
  c8: "complex64",
};

const codeByDtype = new Map(Object.entries(dtypeByCode).map(([code, dtype]) => [dtype, code]));

/** "<f4" -> "float32". Throws Error that says why numpy's type has no counterpart. */
export function toDtype(descriptor: string): DType {
  const [, order, code] = /^([<>|=]?)([a-zA-Z]\d*)/.exec(descriptor) ?? [];
  const dtype = code && Object.hasOwn(dtypeByCode, code) ? dtypeByCode[code] : undefined;
  if (code?.startsWith("O")) throw new Error("its elements are Python objects");
  if (!dtype || descriptor.length !== order.length + code.length) {
    throw new Error(`LibTorch has no elements of numpy's type '${descriptor.slice(0, 40)}'`);
  }
  if (order === ">" && !code.endsWith("1")) {
    throw new Error(
      `its elements are big-endian ('${descriptor}'); ` +
        "array.astype(array.dtype.newbyteorder('<')) in numpy turns them",
    );
  }
  return dtype;
}

/** "float32" -> "<f4". Throws TypeError for what numpy has no type for. */
export function toDescriptor(dtype: DType): string {
  const code = codeByDtype.get(dtype);
  if (code) return (code.endsWith("1") ? "|" : "<") + code;
  throw new TypeError(`save: numpy has no type for ${dtype}; convert the tensor first`);
}
