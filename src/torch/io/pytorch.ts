import fs from "node:fs";
import { operator } from "../dispatch";
import type { DType } from "../dtype";
import { TorchError } from "../errors";
import { type FileEntry, native } from "../native";
import { Tensor } from "../tensor";
import { type PickleContext, type Unpickled, unpickle } from "./unpickler";
import { readAt, type StoredFile, storedFiles } from "./zip";

/** Elements of one dtype somewhere in the file; tensors are views of them. */
interface Storage {
  readonly key: string;
  readonly dtype: DType | null;
  readonly count: number;
}

/** A tensor as the pickle describes it. */
class TensorRecord {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
    /** Untyped storages leave it to the tensor. */
    readonly dtype: DType,
  ) {}
}

export function isZip(start: Buffer): boolean {
  return start.length >= 4 && start.readUInt32LE(0) === 0x04034b50;
}

export function isPickle(start: Buffer): boolean {
  return start[0] === 0x80 && start[1] <= 5;
}

/**
 * Reads the tensors of a file that `torch.save` wrote, in its zip or its older layout, through an
 * unpickler that runs nothing. Nested dicts give names with dots: { state_dict: { w } } gives
 * "state_dict.w". What is no tensor is left out. Throws TorchError that names the file.
 */
export function loadPyTorch(file: string, start: Buffer): Record<string, Tensor> {
  const descriptor = fs.openSync(file, "r");
  try {
    const { size } = fs.fstatSync(descriptor);
    return isZip(start) ? loadZip(file, descriptor, size) : loadLegacy(file, descriptor, size);
  } catch (error) {
    if (error instanceof TorchError) throw error;
    throw new TorchError(
      `load: ${file} is no readable PyTorch file: ${(error as Error).message}.`,
      {
        cause: error,
      },
    );
  } finally {
    fs.closeSync(descriptor);
  }
}

function loadZip(file: string, descriptor: number, size: number): Record<string, Tensor> {
  const files = storedFiles(descriptor, size);
  const pickleName = [...files.keys()].find((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (!pickleName) throw new Error("it holds no data.pkl");
  const prefix = pickleName.slice(0, -"data.pkl".length);
  const content = ({ begin, end }: StoredFile) => readAt(descriptor, begin, end - begin, size);
  const order = files.get(`${prefix}byteorder`);
  if (order && content(order).toString() !== "little") throw new Error("it is big-endian");
  const { value } = unpickle(
    content(files.get(pickleName) as StoredFile),
    0,
    contextOf(readStorage),
  );
  return materialize(file, value, ({ key }) => {
    const range = files.get(`${prefix}data/${key}`);
    if (!range) throw new Error(`the storage ${key} is missing`);
    return range;
  });
}

const legacyMagic = 0x1950a86a20f9469cfc6cn;

/** Pickles one after the other: magic number, protocol, machine, object, keys; then the storages. */
function loadLegacy(file: string, descriptor: number, size: number): Record<string, Tensor> {
  // The pickles come first and are small, but nothing says how long they are.
  const storages = new Map<string, Storage>();
  const context = contextOf((id) => {
    const storage = readStorage(id);
    storages.set(storage.key, storage);
    return storage;
  });
  const data = readAt(descriptor, 0, Math.min(size, maximalPickles), size);
  const magic = unpickle(data, 0, context);
  if (magic.value !== legacyMagic) throw new Error("it is a pickle, but none of torch.save");
  const protocol = unpickle(data, magic.end, context);
  const machine = unpickle(data, protocol.end, context);
  const isLittle = !(machine.value instanceof Map) || machine.value.get("little_endian") !== false;
  if (!isLittle) throw new Error("it is big-endian");
  const object = unpickle(data, machine.end, context);
  const ranges = legacyRanges(descriptor, size, unpickle(data, object.end, context), storages);
  return materialize(file, object.value, ({ key }) => {
    const range = ranges.get(key);
    if (!range) throw new Error(`the storage ${key} is missing`);
    return range;
  });
}

const maximalPickles = 256 * 1024 * 1024; // bytes

/** After the keys, for each in turn: its count as int64, then its elements. */
function legacyRanges(
  descriptor: number,
  size: number,
  { value: keys, end }: Unpickled,
  storages: ReadonlyMap<string, Storage>,
): Map<string, StoredFile> {
  if (!Array.isArray(keys)) throw new Error("its list of storages is damaged");
  const ranges = new Map<string, StoredFile>();
  let at = end;
  for (const key of keys) {
    const storage = storages.get(String(key));
    if (!storage?.dtype) throw new Error(`the storage ${key} belongs to no tensor`);
    const count = Number(readAt(descriptor, at, 8, size).readBigInt64LE());
    const begin = at + 8;
    at = begin + count * itemSize(storage.dtype);
    if (count < 0 || at > size) throw new Error(`the storage ${key} is cut off`);
    ranges.set(String(key), { begin, end: at });
  }
  return ranges;
}

const dtypeByStorage: Readonly<Record<string, DType | null>> = {
  FloatStorage: "float32",
  DoubleStorage: "float64",
  HalfStorage: "float16",
  BFloat16Storage: "bfloat16",
  LongStorage: "int64",
  IntStorage: "int32",
  ShortStorage: "int16",
  CharStorage: "int8",
  ByteStorage: "uint8",
  BoolStorage: "bool",
  ComplexFloatStorage: "complex64",
  ComplexDoubleStorage: "complex128",
};

const itemSizes = new Map<DType, number>([
  ["float64", 8],
  ["int64", 8],
  ["complex64", 8],
  ["complex128", 16],
  ["float32", 4],
  ["int32", 4],
  ["float16", 2],
  ["bfloat16", 2],
  ["int16", 2],
]);

function itemSize(dtype: DType): number {
  return itemSizes.get(dtype) ?? 1;
}

/** A marker for a class of storages; the pickle hands it back inside of persistent ids. */
class StorageClass {
  constructor(readonly dtype: DType | null) {}
}

function contextOf(load: (id: unknown) => Storage): PickleContext {
  const globals = new Map<string, unknown>([
    ["collections.OrderedDict", (pairs: unknown) => new Map(asPairs(pairs))],
    ["torch._utils._rebuild_tensor_v2", rebuildTensor],
    ["torch._utils._rebuild_tensor", rebuildTensor],
    ["torch._utils._rebuild_parameter", (data: unknown) => data],
    ["torch.Size", (sizes: unknown) => sizes],
    ["torch.storage.UntypedStorage", new StorageClass(null)],
    ["torch.device", () => null],
    ["builtins.set", (values: unknown = []) => values],
    ["argparse.Namespace", () => new Map()],
  ]);
  for (const [name, dtype] of Object.entries(dtypeByStorage)) {
    globals.set(`torch.${name}`, new StorageClass(dtype));
  }
  for (const dtype of new Set(Object.values(dtypeByStorage))) globals.set(`torch.${dtype}`, dtype);
  return { globals, load };
}

function asPairs(pairs: unknown): [unknown, unknown][] {
  const isPairs = Array.isArray(pairs) && pairs.every((pair) => Array.isArray(pair));
  return isPairs ? (pairs as [unknown, unknown][]) : [];
}

/** ("storage", class, key, location, count, ...) */
function readStorage(id: unknown): Storage {
  const [kind, storageClass, key, , count] = Array.isArray(id) ? id : [];
  const isKnown = kind === "storage" && storageClass instanceof StorageClass;
  if (!isKnown || !isSize(count)) throw new Error("a storage is not described as one");
  return { key: String(key), dtype: storageClass.dtype, count };
}

function rebuildTensor(
  storage: unknown,
  offset: unknown,
  shape: unknown,
  strides: unknown,
): TensorRecord {
  const { dtype, count } = storage as Storage;
  if (!dtype) throw new Error("a tensor over an untyped storage has no dtype");
  if (!isSize(offset) || !isSizes(shape) || !isSizes(strides) || shape.length !== strides.length) {
    throw new Error("a tensor is not described as one");
  }
  const isEmpty = shape.includes(0);
  const last = shape.reduce((at, size, dim) => at + (size - 1) * strides[dim], offset);
  if (!isEmpty && last >= count) throw new Error("a tensor reaches beyond its storage");
  return new TensorRecord(storage as Storage, offset, shape, strides, dtype);
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isSize);
}

const asStrided = operator("aten::as_strided");

/** Maps each storage once and makes the tensors views of it. */
function materialize(
  file: string,
  root: unknown,
  rangeOf: (storage: Storage) => StoredFile,
): Record<string, Tensor> {
  const records = namedRecords(root);
  const entries = new Map<string, FileEntry>();
  for (const { storage, dtype } of records.values()) {
    const { begin, end } = rangeOf(storage);
    const bytes = storage.count * itemSize(dtype);
    if (bytes > end - begin) throw new Error(`the storage ${storage.key} is cut off`);
    entries.set(storage.key, { dtype, shape: [storage.count], begin, end: begin + bytes });
  }
  const handles = native.mapTensors(file, [...entries.values()]);
  const storages = new Map([...entries.keys()].map((key, i) => [key, new Tensor(handles[i])]));
  const tensors = [...records].map(([name, { storage, shape, strides, offset }]) => {
    const view = asStrided(storages.get(storage.key), shape, strides, offset) as Tensor;
    return [name, view] as const;
  });
  for (const storage of storages.values()) storage.dispose();
  return Object.fromEntries(tensors);
}

function namedRecords(root: unknown): Map<string, TensorRecord> {
  const found = new Map<string, TensorRecord>();
  const seen = new Set<unknown>();
  const left: [string, unknown][] = [["", root]];
  for (let next = left.pop(); next; next = left.pop()) {
    const [path, value] = next;
    if (value instanceof TensorRecord) found.set(path || "tensor", value);
    const isContainer = value instanceof Map || Array.isArray(value);
    if (!isContainer || seen.has(value)) continue;
    seen.add(value);
    const parts = [...(value instanceof Map ? value : value.entries())].reverse();
    for (const [key, part] of parts) left.push([path ? `${path}.${key}` : String(key), part]);
  }
  return found;
}
