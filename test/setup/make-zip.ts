import { crc32, deflateRawSync } from "node:zlib";

export interface ZipFile {
  name: string;
  data: string | Buffer;
  /** 0 stored, 8 deflated; others are announced but stored. */
  method?: number;
  /** An announced checksum or size that is not the file's. */
  crc?: number;
  size?: number;
  encrypted?: boolean;
  /** A symbolic link to `data`. */
  link?: boolean;
}

/**
 * A zip archive (PKWARE APPNOTE 6.3), also of kinds that no tool writes. `zip64` puts all sizes and
 * offsets into 64-bit records, as archives above 4 GB do.
 */
export function makeZip(files: ZipFile[], { zip64 = false, comment = "" } = {}): Buffer {
  const bodies: Buffer[] = [];
  const records: Buffer[] = [];
  let offset = 0;
  for (const file of files) {
    const entry = describe(file);
    const header = localHeader(entry);
    records.push(centralRecord(entry, offset, zip64));
    bodies.push(header, entry.name, entry.packed);
    offset += header.length + entry.name.length + entry.packed.length;
  }
  const directory = Buffer.concat(records);
  const end = endRecord(files.length, directory.length, offset, zip64, comment);
  return Buffer.concat([...bodies, directory, end]);
}

type Entry = ReturnType<typeof describe>;

function describe(file: ZipFile) {
  const data = Buffer.from(file.data);
  const method = file.method ?? 8;
  return {
    name: Buffer.from(file.name),
    packed: method === 8 ? deflateRawSync(data) : data,
    method,
    flags: file.encrypted ? 1 : 0,
    crc: file.crc ?? crc32(data),
    size: file.size ?? data.length,
    mode: file.link ? 0o120777 : 0o100644,
  };
}

function localHeader({ name, packed, method, flags, crc, size }: Entry): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(flags, 6);
  header.writeUInt16LE(method, 8);
  header.writeUInt32LE(crc, 14);
  header.writeUInt32LE(packed.length, 18);
  header.writeUInt32LE(size, 22);
  header.writeUInt16LE(name.length, 26);
  return header;
}

function centralRecord(entry: Entry, offset: number, zip64: boolean): Buffer {
  const { name, packed, method, flags, crc, size, mode } = entry;
  const values = [size, packed.length, offset];
  const extra = zip64 ? Buffer.concat([twoShorts(1, 24), ...values.map(long)]) : Buffer.alloc(0);
  const [shownSize, shownPacked, shownOffset] = zip64 ? values.map(() => 0xffffffff) : values;
  const record = Buffer.alloc(46);
  record.writeUInt32LE(0x02014b50, 0);
  record.writeUInt8(3, 5); // made on Unix
  record.writeUInt16LE(flags, 8);
  record.writeUInt16LE(method, 10);
  record.writeUInt32LE(crc, 16);
  record.writeUInt32LE(shownPacked, 20);
  record.writeUInt32LE(shownSize, 24);
  record.writeUInt16LE(name.length, 28);
  record.writeUInt16LE(extra.length, 30);
  record.writeUInt32LE((mode << 16) >>> 0, 38);
  record.writeUInt32LE(shownOffset, 42);
  return Buffer.concat([record, name, extra]);
}

function endRecord(
  count: number,
  size: number,
  offset: number,
  zip64: boolean,
  comment: string,
): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(zip64 ? 0xffff : count, 10);
  end.writeUInt32LE(zip64 ? 0xffffffff : size, 12);
  end.writeUInt32LE(zip64 ? 0xffffffff : offset, 16);
  end.writeUInt16LE(comment.length, 20);
  if (!zip64) return Buffer.concat([end, Buffer.from(comment)]);
  const wide = Buffer.alloc(56);
  wide.writeUInt32LE(0x06064b50, 0);
  wide.writeBigUInt64LE(44n, 4);
  wide.writeBigUInt64LE(BigInt(count), 32);
  wide.writeBigUInt64LE(BigInt(size), 40);
  wide.writeBigUInt64LE(BigInt(offset), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(offset + size), 8);
  return Buffer.concat([wide, locator, end, Buffer.from(comment)]);
}

function twoShorts(a: number, b: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt16LE(a, 0);
  buffer.writeUInt16LE(b, 2);
  return buffer;
}

function long(value: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt(value));
  return buffer;
}
