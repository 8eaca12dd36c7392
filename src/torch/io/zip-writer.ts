import fs from "node:fs";
import { writeAll } from "./atomic";

/** An entry's content: `write` writes `bytes` bytes and gives their CRC-32. */
export interface ZipContent {
  readonly name: string;
  readonly bytes: number;
  readonly write: (descriptor: number) => number;
}

const alignment = 64; // bytes; PyTorch's, so that readers can map tensors
const limit32 = 0xffffffff;

/**
 * Writes a zip archive of stored entries from the start of an empty file on, each beginning at a multiple
 * of 64 bytes; zip64 where sizes need it (PKWARE APPNOTE 6.3).
 */
export function writeZip(descriptor: number, contents: readonly ZipContent[]): void {
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, bytes, write } of contents) {
    const header = localHeader(name, bytes, at);
    writeAll(descriptor, header);
    const crc = write(descriptor);
    patchCrc(descriptor, at, crc);
    directory.push(directoryEntry(name, bytes, crc, at));
    at += header.length + bytes;
  }
  const entries = Buffer.concat(directory);
  writeAll(descriptor, entries);
  writeAll(descriptor, directoryEnd(contents.length, entries.length, at));
}

/** Padded by an extra field, so that the content is aligned. */
function localHeader(name: string, bytes: number, at: number): Buffer {
  const nameBytes = Buffer.from(name, "utf8");
  const wide = bytes >= limit32 ? wideField([bytes, bytes]) : Buffer.alloc(0);
  const before = at + 30 + nameBytes.length + wide.length + 4;
  const padding = (alignment - (before % alignment)) % alignment;
  const extra = Buffer.concat([wide, extraField(0x4246, Buffer.alloc(padding, "Z"))]); // "FB"
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  writeShared(header, 4, bytes, 0);
  header.writeUInt16LE(nameBytes.length, 26);
  header.writeUInt16LE(extra.length, 28);
  return Buffer.concat([header, nameBytes, extra]);
}

function patchCrc(descriptor: number, at: number, crc: number): void {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(crc);
  fs.writeSync(descriptor, bytes, 0, 4, at + 14);
}

function directoryEntry(name: string, bytes: number, crc: number, at: number): Buffer {
  const nameBytes = Buffer.from(name, "utf8");
  const wides = [...(bytes >= limit32 ? [bytes, bytes] : []), ...(at >= limit32 ? [at] : [])];
  const extra = wides.length > 0 ? wideField(wides) : Buffer.alloc(0);
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(45, 4); // made by version 4.5: zip64
  writeShared(header, 6, bytes, crc);
  header.writeUInt16LE(nameBytes.length, 28);
  header.writeUInt16LE(extra.length, 30);
  header.writeUInt32LE(Math.min(at, limit32), 42);
  return Buffer.concat([header, nameBytes, extra]);
}

/** Version needed, flags (names are UTF-8), method, time and date (none), CRC-32, both sizes. */
function writeShared(header: Buffer, from: number, bytes: number, crc: number): void {
  header.writeUInt16LE(bytes >= limit32 ? 45 : 20, from);
  header.writeUInt16LE(0x0800, from + 2);
  header.writeUInt16LE((1 << 5) | 1, from + 8); // 1980-01-01
  header.writeUInt32LE(crc, from + 10);
  header.writeUInt32LE(Math.min(bytes, limit32), from + 14);
  header.writeUInt32LE(Math.min(bytes, limit32), from + 18);
}

function directoryEnd(count: number, length: number, at: number): Buffer {
  const isWide = count >= 0xffff || length >= limit32 || at >= limit32;
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Math.min(count, 0xffff), 8);
  end.writeUInt16LE(Math.min(count, 0xffff), 10);
  end.writeUInt32LE(Math.min(length, limit32), 12);
  end.writeUInt32LE(Math.min(at, limit32), 16);
  return isWide ? Buffer.concat([wideEnd(count, length, at), end]) : end;
}

/** The zip64 end record and its locator. */
function wideEnd(count: number, length: number, at: number): Buffer {
  const record = Buffer.alloc(56 + 20);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeUInt16LE(45, 12);
  record.writeUInt16LE(45, 14);
  for (const position of [24, 32]) record.writeBigUInt64LE(BigInt(count), position);
  record.writeBigUInt64LE(BigInt(length), 40);
  record.writeBigUInt64LE(BigInt(at), 48);
  record.writeUInt32LE(0x07064b50, 56);
  record.writeBigUInt64LE(BigInt(at + length), 64);
  record.writeUInt32LE(1, 72);
  return record;
}

function wideField(values: readonly number[]): Buffer {
  const data = Buffer.alloc(8 * values.length);
  for (const [i, value] of values.entries()) data.writeBigUInt64LE(BigInt(value), 8 * i);
  return extraField(1, data);
}

function extraField(id: number, data: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(id, 0);
  head.writeUInt16LE(data.length, 2);
  return Buffer.concat([head, data]);
}
