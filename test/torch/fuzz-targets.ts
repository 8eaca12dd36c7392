import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { withFile } from "../../src/torch/io/read";
import { readEntry, zipEntries } from "../../src/torch/io/zip";
import { writeZip } from "../../src/torch/io/zip-writer";

/** A reader, and files that it reads. */
export interface Target {
  /** Files, by the name that their copies get. */
  readonly originals: () => readonly (readonly [name: string, content: Buffer])[];
  readonly read: (file: string) => unknown;
  /** A file with the damaged content in it, that is whole otherwise. */
  readonly wrap?: (content: Buffer) => Buffer;
}

const reference = (name: string) => fs.readFileSync(path.join(__dirname, "..", "reference", name));
const all =
  (...names: string[]) =>
  () =>
    names.map((name) => [name, reference(name)] as const);
const both = (file: string) => [torch.load(file), torch.loadObject(file)];

export const targets: Readonly<Record<string, Target>> = {
  safetensors: { originals: all("torch-files.safetensors"), read: torch.load },
  metadata: { originals: all("torch-files.safetensors"), read: torch.loadMetadata },
  "pytorch-zip": { originals: all("pytorch-zip.pt", "torch-objects-zip.pt"), read: both },
  "pytorch-legacy": { originals: all("pytorch-legacy.pt", "torch-objects-legacy.pt"), read: both },
  pickle: { originals: () => [["pickle.pt", parts().pickle]], read: both, wrap: withPickle },
  header: {
    originals: () => [["x.safetensors", safetensorsHeader()]],
    read: torch.load,
    wrap: withHeader,
  },
  npy: { originals: () => [["x.npy", smallNpy()]], read: torch.load },
  npz: { originals: all("torch-numpy.npz", "torch-numpy-compressed.npz"), read: torch.load },
  index: { originals: () => [["model.safetensors.index.json", smallIndex()]], read: torch.load },
};

/** An archive's entries, data.pkl apart. */
function parts(): { pickle: Buffer; others: [string, Buffer][] } {
  const file = path.join(__dirname, "..", "reference", "torch-objects-zip.pt");
  return withFile(file, (descriptor, size) => {
    const entries = [...zipEntries(descriptor, size)].map(([name, entry]): [string, Buffer] => [
      name,
      readEntry(descriptor, entry, size),
    ]);
    const isPickle = ([name]: readonly [string, Buffer]) => name.endsWith("/data.pkl");
    return {
      pickle: entries.find(isPickle)?.[1] as Buffer,
      others: entries.filter((entry) => !isPickle(entry)),
    };
  });
}

let archive: ReturnType<typeof parts> | undefined;

/** The archive with another pickle: as few bytes as its directory needs, in memory. */
function withPickle(pickle: Buffer): Buffer {
  archive ??= parts();
  const [[first]] = archive.others;
  const folder = first.slice(0, first.indexOf("/"));
  const entries: [string, Buffer][] = [[`${folder}/data.pkl`, pickle], ...archive.others];
  const file = path.join(os.tmpdir(), `adaptune-fuzz-${process.pid}.pt`);
  const descriptor = fs.openSync(file, "w+");
  try {
    const contents = entries.map(([name, content]) => ({
      name,
      bytes: content.length,
      write: (to: number) => 0 * fs.writeSync(to, content), // the checksum is not looked at
    }));
    writeZip(descriptor, contents);
    return fs.readFileSync(file);
  } finally {
    fs.closeSync(descriptor);
    fs.rmSync(file);
  }
}

function safetensorsHeader(): Buffer {
  const bytes = reference("torch-files.safetensors");
  return bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE()));
}

function withHeader(header: Buffer): Buffer {
  const bytes = reference("torch-files.safetensors");
  const data = bytes.subarray(8 + Number(bytes.readBigUInt64LE()));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, data]);
}

function smallNpy(): Buffer {
  const header = "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }".padEnd(117);
  const start = Buffer.from("\x93NUMPY\x01\0\x76\0", "latin1");
  return Buffer.concat([start, Buffer.from(`${header}\n`), Buffer.alloc(24, 1)]);
}

function smallIndex(): Buffer {
  const weightMap = { x: "model-1.safetensors", y: "model-2.safetensors" };
  return Buffer.from(JSON.stringify({ metadata: { total_size: 16 }, weight_map: weightMap }));
}

/** Reads every element of every tensor that the value reaches; how many there are. */
export function touch(root: unknown): number {
  let count = 0;
  const seen = new Set<unknown>();
  const left: unknown[] = [root];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    if (value instanceof torch.Tensor) {
      count += 1;
      readAll(value);
    } else if (value instanceof Map) for (const entry of value) left.push(...entry);
    else if (Array.isArray(value) || value instanceof Set)
      for (const part of value) left.push(part);
    else if (!ArrayBuffer.isView(value)) for (const part of Object.values(value)) left.push(part);
  }
  return count;
}

/** Views of few elements may show many: the elements of their storage are enough. */
function readAll(tensor: Tensor): void {
  if (tensor.layout !== "strided") return;
  if (tensor.numel() < 1e6) tensor.toTypedArray();
}
