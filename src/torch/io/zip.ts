import zlib from "node:zlib";
import { readAt } from "./read";

/** A file inside an archive: bytes `begin` to `end` of the archive. */
export interface ZipEntry {
  readonly begin: number;
  readonly end: number;
  /** Bytes of the content; as many as lie in the archive unless that is deflated. */
  readonly bytes: number;
  readonly isDeflated: boolean;
}

const stored = 0;
const deflated = 8;

/**
 * The files of a zip archive, zip64 included (PKWARE APPNOTE 6.3, 4.3), by name. Nothing but the
 * directory is read. Throws Error that says what is wrong.
 */
export function zipEntries(descriptor: number, size: number): Map<string, ZipEntry> {
  const { count, offset, length } = locateDirectory(descriptor, size);
  const directory = readAt(descriptor, offset, length, size);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    expect(at + 46 <= length && directory.readUInt32LE(at) === 0x02014b50, "directory is damaged");
    const extra = at + 46 + directory.readUInt16LE(at + 28);
    const comment = extra + directory.readUInt16LE(at + 30);
    expect(comment <= length, "directory is damaged");
    const name = directory.toString("utf8", at + 46, extra);
    const wide = wideFields(directory.subarray(extra, comment));
    const field = (position: number) => {
      const value = directory.readUInt32LE(position);
      return value === 0xffffffff ? wide() : value;
    };
    const bytes = field(at + 24);
    const inArchive = field(at + 20);
    const method = directory.readUInt16LE(at + 10);
    const isKnown = method === deflated || (method === stored && bytes === inArchive);
    expect(isKnown, `${name} is compressed in a way that is not known`);
    expect((directory.readUInt16LE(at + 8) & 1) === 0, `${name} is encrypted`);
    expect(!entries.has(name), `${name} is there twice`);
    const begin = dataStart(descriptor, field(at + 42), size);
    const end = begin + inArchive;
    expect(end <= size, `${name} is cut off`);
    entries.set(name, { begin, end, bytes, isDeflated: method === deflated });
    at = comment + directory.readUInt16LE(at + 32);
  }
  return entries;
}

/** An entry's content. Throws Error when it is no deflated data of `bytes` bytes. */
export function readEntry(descriptor: number, entry: ZipEntry, size: number): Buffer {
  const data = readAt(descriptor, entry.begin, entry.end - entry.begin, size);
  if (!entry.isDeflated) return data;
  // A limit of zero would be none.
  const content = zlib.inflateRawSync(data, { maxOutputLength: Math.max(1, entry.bytes) });
  expect(content.length === entry.bytes, "its compressed data is damaged");
  return content;
}

function locateDirectory(descriptor: number, size: number) {
  // The end record may be followed by a comment of up to 65,535 bytes.
  const tailLength = Math.min(size, 22 + 0xffff);
  const tail = readAt(descriptor, size - tailLength, tailLength, size);
  let at = tailLength - 22;
  while (at >= 0 && tail.readUInt32LE(at) !== 0x06054b50) at--;
  expect(at >= 0, "it has no directory: is it complete?");
  const count = tail.readUInt16LE(at + 10);
  const length = tail.readUInt32LE(at + 12);
  const offset = tail.readUInt32LE(at + 16);
  const isWide = count === 0xffff || length === 0xffffffff || offset === 0xffffffff;
  return isWide ? locateWide(descriptor, size - tailLength + at, size) : { count, length, offset };
}

function locateWide(descriptor: number, end: number, size: number) {
  const locator = readAt(descriptor, end - 20, 20, size);
  expect(locator.readUInt32LE(0) === 0x07064b50, "its zip64 directory is missing");
  const record = readAt(descriptor, Number(locator.readBigUInt64LE(8)), 56, size);
  expect(record.readUInt32LE(0) === 0x06064b50, "its zip64 directory is damaged");
  const [count, length, offset] = [32, 40, 48].map((at) => Number(record.readBigUInt64LE(at)));
  return { count, length, offset };
}

/** Hands out the 64-bit values of an entry's extra field one after the other. */
function wideFields(extra: Buffer): () => number {
  let values: Buffer = Buffer.alloc(0);
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    const field = extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2));
    if (extra.readUInt16LE(at) === 1) values = field;
  }
  let next = 0;
  return () => {
    expect(next + 8 <= values.length, "directory is damaged");
    next += 8;
    return Number(values.readBigUInt64LE(next - 8));
  };
}

/** The local header repeats the name and has an extra field of its own length. */
function dataStart(descriptor: number, offset: number, size: number): number {
  const header = readAt(descriptor, offset, 30, size);
  expect(header.readUInt32LE(0) === 0x04034b50, "an entry is damaged");
  return offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
}

function expect(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise);
}
