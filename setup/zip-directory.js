/**
 * One file of an archive, as its central directory describes it (PKWARE APPNOTE 6.3, 4.3.12).
 * @typedef {{ name: string, method: number, crc: number, compressedSize: number, size: number,
 *   offset: number, isLink: boolean }} Entry
 */

/** A zip archive that cannot be unpacked: damaged, truncated, hostile or of an unknown kind. */
class ZipError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(`The archive cannot be unpacked: ${message}.`);
    this.name = "ZipError";
  }
}

/**
 * All entries of an archive, in its directory's order; archives above 4 GB (zip64) included.
 * @param {import("node:fs").promises.FileHandle} handle
 * @returns {Promise<Entry[]>}
 */
async function readDirectory(handle) {
  const { count, size, offset } = await locateDirectory(handle);
  const directory = await readAt(handle, offset, size);
  /** @type {Entry[]} */
  const entries = [];
  let at = 0;
  while (entries.length < count) {
    if (at + 46 > size || directory.readUInt32LE(at) !== 0x02014b50) {
      throw new ZipError("its directory is damaged");
    }
    const extraStart = at + 46 + directory.readUInt16LE(at + 28);
    const commentStart = extraStart + directory.readUInt16LE(at + 30);
    entries.push(readEntry(directory, at, extraStart, commentStart));
    at = commentStart + directory.readUInt16LE(at + 32);
  }
  return entries;
}

/**
 * @param {import("node:fs").promises.FileHandle} handle
 * @param {number} position
 * @param {number} length
 */
async function readAt(handle, position, length) {
  const buffer = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(buffer, done, length - done, position + done);
    if (bytesRead === 0) throw new ZipError("it is truncated");
    done += bytesRead;
  }
  return buffer;
}

/**
 * @param {Buffer} directory
 * @param {number} at
 * @param {number} extraStart
 * @param {number} commentStart
 * @returns {Entry}
 */
function readEntry(directory, at, extraStart, commentStart) {
  if (commentStart > directory.length) throw new ZipError("its directory is damaged");
  const name = directory.toString("utf8", at + 46, extraStart);
  if (directory.readUInt16LE(at + 8) & 1) throw new ZipError(`${name} is encrypted`);
  const wide = zip64Fields(directory.subarray(extraStart, commentStart));
  // Only fields that hold all ones in the 32-bit record are in the 64-bit one, in this order.
  const field = (/** @type {number} */ position) => {
    const value = directory.readUInt32LE(position);
    return value === 0xffffffff ? wide(name) : value;
  };
  const size = field(at + 24);
  const compressedSize = field(at + 20);
  const offset = field(at + 42);
  const madeOnUnix = directory.readUInt8(at + 5) === 3;
  const mode = directory.readUInt32LE(at + 38) >>> 16;
  return {
    name,
    method: directory.readUInt16LE(at + 10),
    crc: directory.readUInt32LE(at + 16),
    compressedSize,
    size,
    offset,
    isLink: madeOnUnix && (mode & 0o170000) === 0o120000,
  };
}

/**
 * Hands out the 64-bit values of an entry's extra field one after the other.
 * @param {Buffer} extra
 */
function zip64Fields(extra) {
  /** @type {Buffer} */
  let values = Buffer.alloc(0);
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) === 1)
      values = extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2));
  }
  let next = 0;
  return (/** @type {string} */ name) => {
    if (next + 8 > values.length) throw new ZipError(`the size of ${name} is missing`);
    next += 8;
    return Number(values.readBigUInt64LE(next - 8));
  };
}

/** @param {import("node:fs").promises.FileHandle} handle */
async function locateDirectory(handle) {
  const { size } = await handle.stat();
  // The end record is 22 bytes and may be followed by a comment of up to 65,535 bytes.
  const length = Math.min(size, 22 + 0xffff);
  const tail = await readAt(handle, size - length, length);
  let at = length - 22;
  while (at >= 0 && tail.readUInt32LE(at) !== 0x06054b50) at--;
  if (at < 0) throw new ZipError("it has no directory (not a zip file, or truncated)");
  const end = {
    count: tail.readUInt16LE(at + 10),
    size: tail.readUInt32LE(at + 12),
    offset: tail.readUInt32LE(at + 16),
  };
  const isWide = end.count === 0xffff || end.size === 0xffffffff || end.offset === 0xffffffff;
  const located = isWide ? await locateWide(handle, size - length + at) : end;
  if (located.offset + located.size > size) throw new ZipError("it is truncated");
  return located;
}

/**
 * @param {import("node:fs").promises.FileHandle} handle
 * @param {number} end position of the 32-bit end record; the zip64 locator lies right before it
 */
async function locateWide(handle, end) {
  if (end < 20) throw new ZipError("its zip64 directory is missing");
  const locator = await readAt(handle, end - 20, 20);
  if (locator.readUInt32LE(0) !== 0x07064b50) throw new ZipError("its zip64 directory is missing");
  const record = await readAt(handle, Number(locator.readBigUInt64LE(8)), 56);
  if (record.readUInt32LE(0) !== 0x06064b50) throw new ZipError("its zip64 directory is damaged");
  return {
    count: Number(record.readBigUInt64LE(32)),
    size: Number(record.readBigUInt64LE(40)),
    offset: Number(record.readBigUInt64LE(48)),
  };
}

module.exports = { readDirectory, readAt, ZipError };
