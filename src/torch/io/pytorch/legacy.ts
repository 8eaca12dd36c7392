import { itemSize } from "../dtypes";
import { readAt } from "../read";
import { CutOff, type Unpickled, unpickle } from "../unpickler";
import type { ByteRange, Content } from "./content";
import { checkpointContext, readStorage } from "./names";
import type { Storage } from "./tensor-record";

const magicNumber = 0x1950a86a20f9469cfc6cn;

export function isPickle(start: Buffer): boolean {
  return start[0] === 0x80 && start[1] <= 5;
}

/**
 * The layout of torch.save before 1.6: pickles one after the other (magic number, protocol, machine,
 * object, keys of storages), then the storages.
 */
export function readLegacy(descriptor: number, size: number): Content {
  const storages = new Map<string, Storage>();
  const { object, keys } = readPickles(descriptor, size, storages);
  const ranges = storageRanges(descriptor, size, keys, storages);
  const rangeOf = (key: string) => {
    const range = ranges.get(key);
    if (!range) throw new Error(`the storage ${key} is missing`);
    return range;
  };
  return { value: object.value, rangeOf };
}

/** The pickles come first and are small, but nothing says how long they are. */
function readPickles(descriptor: number, size: number, storages: Map<string, Storage>) {
  for (let length = 64 * 1024; ; length *= 8) {
    try {
      return parsePickles(readAt(descriptor, 0, Math.min(size, length), size), size, storages);
    } catch (error) {
      if (!(error instanceof CutOff) || length >= size) throw error;
    }
  }
}

function parsePickles(data: Buffer, size: number, storages: Map<string, Storage>) {
  const context = checkpointContext(size, (id) => {
    const storage = readStorage(id);
    storages.set(storage.key, storage);
    return storage;
  });
  const magic = unpickle(data, 0, context);
  if (magic.value !== magicNumber) throw new Error("it is a pickle, but none of torch.save");
  const protocol = unpickle(data, magic.end, context);
  const machine = unpickle(data, protocol.end, context);
  const isBig = machine.value instanceof Map && machine.value.get("little_endian") === false;
  if (isBig) throw new Error("it is big-endian");
  const object = unpickle(data, machine.end, context);
  return { object, keys: unpickle(data, object.end, context) };
}

/** After the keys, for each in turn: its count as int64, then its elements. */
function storageRanges(
  descriptor: number,
  size: number,
  { value: keys, end }: Unpickled,
  storages: ReadonlyMap<string, Storage>,
): Map<string, ByteRange> {
  if (!Array.isArray(keys)) throw new Error("its list of storages is damaged");
  const ranges = new Map<string, ByteRange>();
  let at = end;
  for (const given of keys) {
    const key = typeof given === "string" || typeof given === "number" ? String(given) : "?";
    const storage = storages.get(key);
    if (!storage || ranges.has(key)) throw new Error(`the storage ${key} belongs to no tensor`);
    const count = Number(readAt(descriptor, at, 8, size).readBigInt64LE());
    const begin = at + 8;
    at = begin + count * (storage.dtype ? itemSize(storage.dtype) : 1);
    if (count < 0 || at > size) throw new Error(`the storage ${key} is cut off`);
    ranges.set(key, { begin, end: at });
  }
  return ranges;
}
