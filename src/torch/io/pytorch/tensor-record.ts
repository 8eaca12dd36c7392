import type { DType } from "../../dtype";
import { isSize, isSizes } from "../dtypes";

/** Bytes somewhere in the file; tensors are views of them. */
export interface Storage {
  readonly key: string;
  /** Untyped storages leave it to the tensor. */
  readonly dtype: DType | null;
  /** Elements; bytes where there is no dtype. */
  readonly count: number;
}

/** A tensor as a pickle describes it; offset and strides in elements. */
export interface TensorRecordFields {
  readonly storage: Storage;
  readonly dtype: DType;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly requiresGrad: boolean;
  /** Bits of lazy conjugates and negatives. */
  readonly isConjugate: boolean;
  readonly isNegative: boolean;
}

export class TensorRecord {
  constructor(readonly fields: TensorRecordFields) {}

  /** Elements of the storage that are needed. */
  get extent(): number {
    const { shape, strides, offset } = this.fields;
    if (shape.includes(0)) return 0;
    return shape.reduce((at, size, dim) => at + (size - 1) * strides[dim], offset) + 1;
  }

  with(changes: Partial<TensorRecordFields>): TensorRecord {
    return new TensorRecord({ ...this.fields, ...changes });
  }
}

/** A sparse tensor in coordinates: indices [sparse dimensions, N], values [N, ...]. */
export class SparseRecord {
  constructor(
    readonly indices: TensorRecord,
    readonly values: TensorRecord,
    readonly shape: readonly number[],
  ) {}
}

/**
 * (storage, offset, shape, strides, requires_grad, hooks, metadata), as torch._utils._rebuild_tensor_v2
 * has it; the older form ends with the strides. Throws Error for what is none.
 */
export function rebuildTensor(args: readonly unknown[], dtype?: DType): TensorRecord {
  const [storage, offset, shape, strides, requiresGrad = false, , metadata] = args;
  if (!isStorage(storage)) throw new Error("a tensor has no storage");
  const elements = dtype ?? storage.dtype;
  if (!elements) throw new Error("a tensor over an untyped storage has no dtype");
  if (!isSize(offset) || !isSizes(shape) || !isSizes(strides) || shape.length !== strides.length) {
    throw new Error("a tensor is not described as one");
  }
  const record = new TensorRecord({
    storage,
    dtype: elements,
    offset,
    shape,
    strides,
    requiresGrad: requiresGrad === true,
    isConjugate: metadata instanceof Map && metadata.get("conj") === true,
    isNegative: metadata instanceof Map && metadata.get("neg") === true,
  });
  const isUntyped = storage.dtype === null;
  if (!isUntyped && record.extent > storage.count) {
    throw new Error("a tensor reaches beyond its storage");
  }
  return record;
}

function isStorage(value: unknown): value is Storage {
  return typeof value === "object" && value !== null && "key" in value && "count" in value;
}

/** (layout, (indices, values, shape, ...)). Throws Error for layouts other than coordinates. */
export function rebuildSparse([layout, parts]: readonly unknown[]): SparseRecord {
  if (layout !== "sparse_coo") {
    throw new Error(`it holds a tensor of layout ${String(layout).slice(0, 40)}: save its parts`);
  }
  const [indices, values, shape] = Array.isArray(parts) ? parts : [];
  const isSparse = indices instanceof TensorRecord && values instanceof TensorRecord;
  if (!isSparse || !isSizes(shape)) throw new Error("a sparse tensor is not described as one");
  return new SparseRecord(indices, values, shape);
}
