import { unpickle } from "../unpickler";
import { readEntry, type ZipEntry, zipEntries } from "../zip";
import type { ByteRange, Content } from "./content";
import { checkpointContext } from "./names";

export function isZip(start: Buffer): boolean {
  return start.length >= 4 && start.readUInt32LE(0) === 0x04034b50;
}

/** The zip layout of torch.save since 1.6: data.pkl, and each storage as a file of its own. */
export function readArchive(descriptor: number, size: number): Content {
  const entries = zipEntries(descriptor, size);
  const prefix = prefixOf(entries);
  const content = (name: string) => {
    const entry = entries.get(prefix + name);
    return entry && readEntry(descriptor, requireStored(name, entry), size);
  };
  const order = content("byteorder");
  if (order && order.toString() !== "little") throw new Error("it is big-endian");
  const { value } = unpickle(content("data.pkl") as Buffer, 0, checkpointContext(size));
  const rangeOf = (key: string): ByteRange => {
    const entry = entries.get(`${prefix}data/${key}`);
    if (!entry) throw new Error(`the storage ${key} is missing`);
    return requireStored(key, entry);
  };
  return { value, rangeOf };
}

/** The folder that data.pkl is in, or why there is none. */
function prefixOf(entries: ReadonlyMap<string, ZipEntry>): string {
  const names = [...entries.keys()];
  const find = (pattern: RegExp) => names.find((name) => pattern.test(name));
  if (find(/^[^/]+\/constants\.pkl$/)) {
    throw new Error(
      "it is a TorchScript module, which holds code; if you trust it, torch.jit.load(path) loads it",
    );
  }
  if (find(/^([^/]+\/)?archive_format$/)) {
    throw new Error(
      "it is a package of an exported program, which may hold code; if you trust it and AOTInductor " +
        "compiled it, torch.inductor.load(path) loads it",
    );
  }
  const pickle = find(/^[^/]+\/data\.pkl$/);
  if (!pickle) throw new Error("it holds no data.pkl");
  return pickle.slice(0, -"data.pkl".length);
}

function requireStored(name: string, entry: ZipEntry): ZipEntry {
  if (entry.isDeflated) throw new Error(`${name} is compressed, which torch.save never does`);
  return entry;
}
