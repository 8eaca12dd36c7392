import type { DType } from "./dtype";
import { type StftOptions, stft } from "./functional";
import { type LuOptions, lu, type NormOptions, type NormOrder, norm } from "./functional-linear";
import { itemSize } from "./io/dtypes";
import { type NestedArray, Tensor } from "./tensor";
import {
  type Unique,
  type UniqueConsecutiveOptions,
  type UniqueOptions,
  unique,
  uniqueConsecutive,
} from "./unique";

declare module "./tensor" {
  interface Tensor {
    /** In uint8. */
    byte(): Tensor;
    /** In int8. */
    char(): Tensor;
    /** In int16. */
    short(): Tensor;
    /** In complex64. */
    cfloat(): Tensor;
    /** In complex128. */
    cdouble(): Tensor;
    /** Bytes of one element. */
    elementSize(): number;
    /** Bytes of one element. */
    readonly itemsize: number;
    /** Bytes of all elements, which a view shares. */
    readonly nbytes: number;
    /** As `numel`. */
    nelement(): number;
    /** As `ndim`. */
    ndimension(): number;
    /** As `toArray`. */
    tolist<T = NestedArray<number>>(): T;
    /** Whether it is in the memory of the CPU. */
    readonly isCpu: boolean;
    /** Whether it is on a CUDA device. */
    readonly isCuda: boolean;
    /** Whether it has a shape and a dtype alone. */
    readonly isMeta: boolean;
    /** Whether its layout is sparse_coo. */
    readonly isSparse: boolean;
    /** Whether its dtype is a quantized one. */
    readonly isQuantized: boolean;
    /** The values that occur: `torch.unique`. */
    unique<const Options extends UniqueOptions>(options?: Options): Unique<Options>;
    /** The values of runs of equal ones: `torch.uniqueConsecutive`. */
    uniqueConsecutive<const Options extends UniqueConsecutiveOptions>(
      options?: Options,
    ): Unique<Options>;
    /** `torch.norm`. */
    norm(options?: NormOptions): Tensor;
    norm(p: NormOrder, options: NormOptions): Tensor;
    norm(p: NormOrder, dim?: NormOptions["dim"], keepdim?: boolean, options?: NormOptions): Tensor;
    /** `torch.stft`. */
    stft(nFft: number, options?: StftOptions): Tensor;
    stft(nFft: number, hopLength: number | null, options?: StftOptions): Tensor;
    /** `torch.lu`. */
    lu(options?: LuOptions): [Tensor, Tensor] | [Tensor, Tensor, Tensor];
  }
}

const conversions: Readonly<Record<string, DType>> = {
  byte: "uint8",
  char: "int8",
  short: "int16",
  cfloat: "complex64",
  cdouble: "complex128",
};

const methods: Readonly<Record<string, (x: Tensor, ...args: never[]) => unknown>> = {
  ...Object.fromEntries(
    Object.entries(conversions).map(([name, dtype]) => [name, (x: Tensor) => x.to(dtype)]),
  ),
  elementSize: (x) => itemSize(x.dtype),
  nelement: (x) => x.numel(),
  ndimension: (x) => x.ndim,
  tolist: (x) => x.toArray(),
  unique: (x, options?: UniqueOptions) => unique(x, options ?? {}),
  uniqueConsecutive,
  norm,
  stft,
  lu,
};

const getters: Readonly<Record<string, (x: Tensor) => unknown>> = {
  itemsize: (x) => itemSize(x.dtype),
  nbytes: (x) => x.numel() * itemSize(x.dtype),
  isCpu: (x) => x.device === "cpu",
  isCuda: (x) => x.device.startsWith("cuda"),
  isMeta: (x) => x.device === "meta",
  isSparse: (x) => x.layout === "sparse_coo",
  isQuantized: (x) => /^qu?int/.test(x.dtype),
};

for (const [name, own] of Object.entries(methods)) {
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...args: never[]) {
      return own(this, ...args);
    },
    writable: true,
    configurable: true,
  });
}
for (const [name, own] of Object.entries(getters)) {
  Object.defineProperty(Tensor.prototype, name, {
    get(this: Tensor) {
      return own(this);
    },
    configurable: true,
  });
}
