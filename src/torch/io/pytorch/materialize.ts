import { tensor } from "../../creation";
import { operator } from "../../dispatch";
import type { DType } from "../../dtype";
import { type FileEntry, native } from "../../native";
import { Tensor } from "../../tensor";
import { itemSize } from "../dtypes";
import type { ByteRange, Content } from "./content";
import { NumpyArray } from "./numpy";
import { SparseRecord, TensorRecord } from "./tensor-record";

export type AnyRecord = TensorRecord | SparseRecord | NumpyArray;

export function isRecord(value: unknown): value is AnyRecord {
  return (
    value instanceof TensorRecord || value instanceof SparseRecord || value instanceof NumpyArray
  );
}

/**
 * Maps the storages that the records are over, each once, and gives for a record its tensor: a view,
 * so that what shared memory shares it again. Call it in a scope: it makes tensors in passing.
 *
 * Throws Error for records that reach beyond their storages, and for storages that overlap.
 */
export function materializer(
  file: string,
  records: Iterable<AnyRecord>,
  { rangeOf }: Content,
): (record: AnyRecord) => Tensor {
  const bytes = mapStorages(file, needed(records), rangeOf);
  const typed = new Map<string, Tensor>();
  const elementsOf = (key: string, dtype: DType) => {
    const name = `${dtype} ${key}`;
    const known = typed.get(name);
    if (known) return known;
    const elements = asElements(bytes.get(key) as Tensor, dtype);
    typed.set(name, elements);
    return elements;
  };
  return function make(record): Tensor {
    if (record instanceof NumpyArray) return fromNumpy(record);
    if (record instanceof TensorRecord) return view(record, elementsOf);
    return sparseTensor(make(record.indices), make(record.values), record.shape) as Tensor;
  };
}

/** All dense records, those inside of sparse ones too. */
function needed(records: Iterable<AnyRecord>): TensorRecord[] {
  const found: TensorRecord[] = [];
  for (const record of records) {
    if (record instanceof TensorRecord) found.push(record);
    if (record instanceof SparseRecord) found.push(record.indices, record.values);
  }
  return found;
}

/** Elements of any kind, in memory too, where the file has them unaligned. */
const widest = 16; // bytes

function mapStorages(
  file: string,
  records: readonly TensorRecord[],
  rangeOf: (key: string) => ByteRange,
): Map<string, Tensor> {
  const entries = new Map<string, FileEntry>();
  for (const record of records) {
    const { storage, dtype } = record.fields;
    const { key } = storage;
    const { begin, end } = rangeOf(key);
    const claimed = storage.dtype ? storage.count * itemSize(storage.dtype) : storage.count;
    if (Math.max(claimed, record.extent * itemSize(dtype)) > end - begin) {
      throw new Error(`the storage ${key} is cut off`);
    }
    entries.set(key, { dtype: "uint8", shape: [end - begin], begin, end, alignment: widest });
  }
  checkDisjoint([...entries.values()]);
  const handles = native.mapTensors(file, [...entries.values()]);
  return new Map([...entries.keys()].map((key, i) => [key, new Tensor(handles[i])]));
}

/** Bytes that belong to many storages could be copied without end. */
export function checkDisjoint(ranges: readonly ByteRange[]): void {
  let last = 0;
  for (const { begin, end } of [...ranges].sort((a, b) => a.begin - b.begin)) {
    if (begin < last && end > begin) throw new Error("its storages overlap");
    last = Math.max(last, end);
  }
}

const viewDtype = operator("aten::view", "dtype");
const asStrided = operator("aten::as_strided");
const conjugate = operator("aten::_conj");
const negativeView = operator("aten::_neg_view");
const sparseTensor = operator("aten::sparse_coo_tensor", "indices_size");

/** As many whole elements as the bytes hold. */
function asElements(bytes: Tensor, dtype: DType): Tensor {
  const size = itemSize(dtype);
  const whole = Math.floor(bytes.numel() / size) * size;
  return viewDtype(bytes.narrow(0, 0, whole), dtype) as Tensor;
}

function view({ fields }: TensorRecord, elementsOf: (key: string, dtype: DType) => Tensor): Tensor {
  const { storage, dtype, shape, strides, offset, isConjugate, isNegative } = fields;
  let result = asStrided(elementsOf(storage.key, dtype), shape, strides, offset) as Tensor;
  if (isConjugate) result = conjugate(result) as Tensor;
  if (isNegative) result = negativeView(result) as Tensor;
  return result;
}

function fromNumpy({ bytes, dtype, shape, isFortran }: NumpyArray): Tensor {
  const elements = viewDtype(tensor(bytes), dtype) as Tensor;
  if (!isFortran) return elements.reshape([...shape]);
  const dims = shape.map((_, i) => shape.length - 1 - i);
  return elements.reshape([...shape].reverse()).permute(dims);
}
