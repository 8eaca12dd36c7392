import { getHeapStatistics } from "node:v8";
import { type DType, dtypes } from "../../dtype";
import { isSize } from "../dtypes";
import type { Charge, PickleContext, PickleFunction } from "../unpickler";
import { NumpyArray, NumpyDtype, numpyScalar } from "./numpy";
import { rebuildSparse, rebuildTensor, type Storage, TensorRecord } from "./tensor-record";

// What a checkpoint's pickle may name: as in torch/_weights_only_unpickler.py, and some plain values
// of Python's and numpy's that checkpoints hold beside tensors. Each is data; none runs anything.

const dtypeByStorage: Readonly<Record<string, DType>> = {
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

/** A class of storages; the pickle hands it back inside of persistent ids. */
class StorageClass {
  constructor(readonly dtype: DType | null) {}
}

/** Classes that tensors are of. */
const tensorClass = Symbol("a class of tensors");

/**
 * The names, with a budget of memory for the objects of a pickle in a file of `size` bytes: what a file of its
 * size may need, and what V8's heap has room for, as a heap that is full ends the process.
 */
export function checkpointContext(
  size: number,
  load: (id: unknown) => Storage = readStorage,
): PickleContext {
  known ??= new Map([...rebuilds(), ...storages(), ...values(), ...ofNumpy(), ...refusals()]);
  const { heap_size_limit, used_heap_size } = getHeapStatistics();
  const room = 0.6 * Math.max(0, heap_size_limit - used_heap_size);
  return { globals: known, load, budget: Math.min(room, 32 * size + 256 * 2 ** 20) };
}

let known: ReadonlyMap<string, unknown> | undefined;

function rebuilds(): [string, unknown][] {
  const functions: Record<string, PickleFunction> = {
    _rebuild_tensor: (args) => rebuildTensor(args),
    _rebuild_tensor_v2: (args) => rebuildTensor(args),
    // (storage, offset, shape, strides, requires_grad, hooks, dtype, metadata)
    _rebuild_tensor_v3: ([storage, offset, shape, strides, grad, hooks, dtype, metadata]) =>
      rebuildTensor([storage, offset, shape, strides, grad, hooks, metadata], asDtype(dtype)),
    _rebuild_parameter: asParameter,
    _rebuild_parameter_with_state: asParameter,
    _rebuild_sparse_tensor: rebuildSparse,
  };
  return [
    ...Object.entries(functions).map(([name, fn]): [string, unknown] => [
      `torch._utils.${name}`,
      fn,
    ]),
    ["torch._tensor._rebuild_from_type_v2", rebuildFromType],
    ["torch.Tensor", tensorClass],
    ["torch.nn.parameter.Parameter", tensorClass],
    ["torch.nn.parameter.Buffer", tensorClass],
  ];
}

function storages(): [string, unknown][] {
  return [
    ...Object.entries(dtypeByStorage).map(([name, dtype]): [string, unknown] => [
      `torch.${name}`,
      new StorageClass(dtype),
    ]),
    ["torch.storage.UntypedStorage", new StorageClass(null)],
  ];
}

function values(): [string, unknown][] {
  const functions: Record<string, PickleFunction> = {
    "collections.OrderedDict": ([pairs = []], charge) => new Map(asPairs(pairs, charge)),
    "collections.defaultdict": () => new Map(),
    "collections.Counter": ([counts = new Map()], charge) => copyOf(counts, charge),
    "argparse.Namespace": () => new Namespace(),
    "torch.Size": ([sizes]) => sizes,
    "torch.device": ([type, index]) =>
      index === undefined ? type : `${asText(type)}:${Number(index)}`,
    "torch.serialization._get_layout": ([name]) => asText(name).replace(/^torch\./, ""),
    "builtins.set": asSet,
    "builtins.frozenset": asSet,
    "builtins.complex": ([re, im]) => ({ re: Number(re), im: Number(im) }),
    "builtins.bytearray": encode,
    "builtins.bytes": encode,
    "_codecs.encode": encode,
  };
  return [
    ...Object.entries(functions),
    ...dtypes.map((dtype): [string, unknown] => [`torch.${dtype}`, dtype]),
    // What a defaultdict would make of what is missing.
    ...["list", "dict", "int", "float", "bool", "str"].map((name): [string, unknown] => [
      `builtins.${name}`,
      Symbol(name),
    ]),
  ];
}

function ofNumpy(): [string, unknown][] {
  const multiarray: [string, PickleFunction][] = [
    ["scalar", numpyScalar],
    ["_reconstruct", () => new NumpyArray()],
  ];
  return [
    ["numpy.dtype", ([code]: readonly unknown[]) => new NumpyDtype(asText(code))],
    ["numpy.ndarray", tensorClass],
    ...["numpy.core", "numpy._core"].flatMap((module) =>
      multiarray.map(([name, fn]): [string, unknown] => [`${module}.multiarray.${name}`, fn]),
    ),
  ];
}

/** Known, and not to be had. */
function refusals(): [string, unknown][] {
  const quantized = "it holds a quantized tensor; dequantize() it before saving";
  const reasons: Record<string, string> = {
    "torch._utils._rebuild_qtensor": quantized,
    "torch._utils._rebuild_nested_tensor": "it holds a nested tensor; save its parts",
    "torch._utils._rebuild_meta_tensor_no_storage": "it holds a meta tensor, which has no data",
    "torch._utils._rebuild_wrapper_subclass": "it holds a tensor of a subclass; save its parts",
  };
  const marks = ["per_tensor_affine", "per_channel_affine", "QInt8Storage", "QUInt8Storage"];
  return [
    ...Object.entries(reasons).map(([name, reason]): [string, unknown] => [name, refuse(reason)]),
    ...[...marks, "QInt32Storage", "quint8", "qint8", "qint32"].map((name): [string, unknown] => [
      `torch.${name}`,
      new Refused(quantized),
    ]),
  ];
}

/** A value that may be named; whatever is made of it fails. */
class Refused {
  constructor(readonly reason: string) {}
}

function refuse(reason: string): PickleFunction {
  return () => {
    throw new Error(reason);
  };
}

/** argparse's options: their state is a dict of them. */
class Namespace extends Map<unknown, unknown> {
  setState(state: unknown): void {
    if (!(state instanceof Map)) return;
    for (const [name, value] of state) this.set(name, value);
  }
}

/** ("storage", class, key, location, count, view), the last one null or absent. */
export function readStorage(id: unknown): Storage {
  const [kind, storageClass, key, , count, view = null] = Array.isArray(id) ? id : [];
  if (kind === "module") throw new Error("it holds a whole module; save its state_dict()");
  if (storageClass instanceof Refused) throw new Error(storageClass.reason);
  const isStorage = kind === "storage" && storageClass instanceof StorageClass && isSize(count);
  if (!isStorage || !(typeof key === "string" || typeof key === "number")) {
    throw new Error("a storage is not described as one");
  }
  if (view !== null) throw new Error("it has views of storages, as PyTorch before 0.4 wrote them");
  return { key: String(key), dtype: storageClass.dtype, count };
}

/** (tensor, requires_grad, hooks, ...) */
function asParameter([data, requiresGrad]: readonly unknown[]): unknown {
  return data instanceof TensorRecord ? data.with({ requiresGrad: requiresGrad === true }) : data;
}

/** (rebuild function, class, arguments, state): a tensor with attributes of its own. */
function rebuildFromType([rebuild, type, args]: readonly unknown[], charge: Charge): unknown {
  if (typeof rebuild !== "function" || type !== tensorClass || !Array.isArray(args)) {
    throw new Error("it holds a tensor of a subclass; save its parts");
  }
  return (rebuild as PickleFunction)(args, charge);
}

function asDtype(value: unknown): DType {
  const dtype = dtypes.find((known) => known === value);
  if (!dtype) throw new Error("a tensor's dtype is not known");
  return dtype;
}

function asText(value: unknown): string {
  if (typeof value !== "string") throw new Error("the pickle has no text where one is needed");
  return value;
}

function asPairs(pairs: unknown, charge: Charge): [unknown, unknown][] {
  if (pairs instanceof Map) return [...copyOf(pairs, charge)];
  const isPairs = Array.isArray(pairs) && pairs.every((pair) => Array.isArray(pair));
  if (!isPairs) throw new Error("the pickle has a dict of what is no pairs");
  charge(32 * pairs.length);
  return pairs as [unknown, unknown][];
}

function copyOf(map: unknown, charge: Charge): Map<unknown, unknown> {
  if (!(map instanceof Map)) throw new Error("the pickle has no dict where one is needed");
  charge(32 * map.size);
  return new Map(map);
}

function asSet([values = []]: readonly unknown[], charge: Charge): Set<unknown> {
  if (!Array.isArray(values)) throw new Error("the pickle has a set of what is no list");
  charge(32 * values.length);
  return new Set(values);
}

/** bytes, bytearray and _codecs.encode: (text, encoding), (bytes) or nothing. */
function encode([text = "", encoding = "latin1"]: readonly unknown[], charge: Charge): Buffer {
  if (Buffer.isBuffer(text)) return text;
  const bytes = Buffer.from(asText(text), encoding === "latin1" ? "latin1" : "utf8");
  charge(bytes.length);
  return bytes;
}
