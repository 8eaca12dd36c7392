import type { DType } from "../../dtype";
import { describe } from "../../errors";
import { scope } from "../../memory";
import { native } from "../../native";
import { Tensor } from "../../tensor";
import { writeAll } from "../atomic";
import { itemSize } from "../dtypes";
import { checksum } from "../plain";
import { writeZip, type ZipContent } from "../zip-writer";
import { Call, Global, Persistent, pickle, Tuple } from "./pickler";

/**
 * Writes a value to an empty file as torch.save does, in its zip layout: `torch.load(file)` of Python's
 * reads it, weights_only too. Tensors over one storage share it in the file. All are saved as of the CPU.
 *
 * Throws TypeError for what a file cannot hold: functions, undefined, objects of classes, and tensors
 * that are sparse, quantized or without data.
 */
export function writePyTorch(descriptor: number, value: unknown): void {
  scope(() => {
    const storages = new Storages();
    const data = pickle(value, (part, path) => reduce(part, path, storages));
    writeZip(descriptor, [
      text("data.pkl", data),
      text(".format_version", "1"),
      text(".storage_alignment", "64"),
      text("byteorder", "little"),
      ...storages.contents(),
      text("version", "3\n"),
    ]);
  });
}

/** The folder inside of the archive; PyTorch takes any. */
const prefix = "archive/";

function text(name: string, content: string | Buffer): ZipContent {
  const bytes = Buffer.from(content);
  const write = (descriptor: number) => {
    writeAll(descriptor, bytes);
    return checksum(bytes);
  };
  return { name: prefix + name, bytes: bytes.length, write };
}

function reduce(value: object, path: string, storages: Storages): Call {
  if (!(value instanceof Tensor)) {
    const at = path ? `'${path}': ` : "";
    throw new TypeError(
      `save: ${at}${describe(value)} cannot be saved; give plain objects, arrays, Maps, Sets, ` +
        "Tensors, Uint8Arrays, numbers and strings",
    );
  }
  return describeTensor(value, path, storages);
}

const storageNames: Partial<Record<DType, string>> = {
  float32: "FloatStorage",
  float64: "DoubleStorage",
  float16: "HalfStorage",
  bfloat16: "BFloat16Storage",
  int64: "LongStorage",
  int32: "IntStorage",
  int16: "ShortStorage",
  int8: "CharStorage",
  uint8: "ByteStorage",
  bool: "BoolStorage",
  complex64: "ComplexFloatStorage",
  complex128: "ComplexDoubleStorage",
};

const orderedDict = new Global("collections", "OrderedDict");
const rebuildTensor = new Global("torch._utils", "_rebuild_tensor_v2");
const rebuildUntyped = new Global("torch._utils", "_rebuild_tensor_v3");
const untyped = new Global("torch.storage", "UntypedStorage");

/** The call that rebuilds a tensor; newer dtypes have no class of storages, and are told beside. */
function describeTensor(tensor: Tensor, path: string, storages: Storages): Call {
  checkSavable(tensor, path);
  const { dtype, requiresGrad } = tensor;
  const { key, first, bytes, offset, shape, strides } = storages.add(tensor);
  // A storage is of one class; tensors of other dtypes over it say theirs.
  const className = first === dtype ? storageNames[dtype] : undefined;
  const type = className ? new Global("torch", className) : untyped;
  const count = className ? bytes / itemSize(dtype) : bytes;
  const storage = new Persistent(new Tuple(["storage", type, key, "cpu", Math.floor(count)]));
  const hooks = new Call(orderedDict, []);
  const fields = [storage, offset, new Tuple(shape), new Tuple(strides), requiresGrad, hooks];
  if (className) return new Call(rebuildTensor, fields);
  return new Call(rebuildUntyped, [...fields, new Global("torch", dtype)]);
}

function checkSavable(tensor: Tensor, path: string): void {
  const { dtype, device, layout } = tensor;
  const isKnown = itemSize(dtype) > 0;
  if (isKnown && device !== "meta" && layout === "strided") return;
  const what = device === "meta" ? "a meta tensor has no data" : `${dtype} of layout ${layout}`;
  throw new TypeError(`save: '${path}': ${what} cannot be saved; save its parts`);
}

/** The storages under the tensors, each once, in the order in which they are met. */
class Storages {
  private readonly keys = new Map<number, { key: string; first: DType }>();
  private readonly tensors: Tensor[] = [];

  add(given: Tensor) {
    const tensor = given.detach().resolveConj().resolveNeg();
    const { id, bytes, offset } = native.storageOf(tensor);
    const known = this.keys.get(id) ?? { key: String(this.tensors.length), first: tensor.dtype };
    if (!this.keys.has(id)) {
      this.keys.set(id, known);
      // Held until it is written, so that no other storage takes its place.
      this.tensors.push(tensor);
    }
    return { ...known, bytes, offset, shape: tensor.shape, strides: tensor.strides };
  }

  contents(): ZipContent[] {
    return this.tensors.map((tensor, key) => ({
      name: `${prefix}data/${key}`,
      bytes: native.storageOf(tensor).bytes,
      write: (descriptor) =>
        scope(() => {
          const bytes = new Tensor(native.storageBytes(tensor)).cpu();
          native.writeTensor(descriptor, bytes);
          return native.crc32(bytes, 0);
        }),
    }));
  }
}
