const fs = require("node:fs");
const path = require("node:path");
const { Transform } = require("node:stream");
const { pipeline } = require("node:stream/promises");
const zlib = require("node:zlib");
const { readDirectory, readAt, ZipError } = require("./zip-directory");

/** @typedef {import("./zip-directory").Entry} Entry */

/**
 * Unpacks chosen files of a zip archive into a folder, streaming, each checked against its size and
 * CRC-32. Symbolic links, encryption and names that leave the folder are refused.
 * @param {string} archive
 * @param {string} folder
 * @param {{ select?: (name: string) => string | null, onProgress?: (done: number, total: number) => void }} [options]
 *   `select` maps a name in the archive to the path below `folder`, or null to leave it out
 * @returns {Promise<{ files: number, bytes: number }>}
 * @throws {ZipError} a damaged, truncated or hostile archive
 */
async function unzip(archive, folder, { select = (name) => name, onProgress = () => {} } = {}) {
  const handle = await fs.promises.open(archive, "r");
  try {
    /** @type {Map<string, Entry>} */
    const chosen = new Map();
    let bytes = 0;
    for (const entry of await readDirectory(handle)) {
      const name = entry.name.endsWith("/") ? null : select(entry.name);
      if (name === null) continue;
      const target = inside(folder, name);
      if (chosen.has(target)) throw new ZipError(`it holds ${entry.name} twice`);
      chosen.set(target, entry);
      bytes += entry.size;
    }
    let done = 0;
    for (const [target, entry] of chosen) {
      await extract(handle, entry, target, (count) => {
        done += count;
        onProgress(done, bytes);
      });
    }
    return { files: chosen.size, bytes };
  } finally {
    await handle.close();
  }
}

/**
 * The content of one file of an archive as text, or null when it is not there.
 * @param {string} archive
 * @param {(name: string) => boolean} matches
 */
async function readZipText(archive, matches) {
  const handle = await fs.promises.open(archive, "r");
  try {
    const entry = (await readDirectory(handle)).find(({ name }) => matches(name));
    if (!entry) return null;
    /** @type {Buffer[]} */
    const parts = [];
    const collect = new Transform({
      transform(chunk, _, next) {
        parts.push(chunk);
        next();
      },
    });
    await stream(handle, entry, collect, () => {});
    return Buffer.concat(parts).toString("utf8");
  } finally {
    await handle.close();
  }
}

/**
 * The names of all files in an archive.
 * @param {string} archive
 */
async function listZip(archive) {
  const handle = await fs.promises.open(archive, "r");
  try {
    return (await readDirectory(handle)).map(({ name }) => name);
  } finally {
    await handle.close();
  }
}

/**
 * @param {fs.promises.FileHandle} handle
 * @param {Entry} entry
 * @param {string} target
 * @param {(bytes: number) => void} onBytes
 */
async function extract(handle, entry, target, onBytes) {
  if (entry.isLink) throw new ZipError(`it holds a symbolic link: ${entry.name}`);
  await fs.promises.mkdir(path.dirname(target), { recursive: true });
  await stream(handle, entry, fs.createWriteStream(target), onBytes);
}

/**
 * @param {fs.promises.FileHandle} handle
 * @param {Entry} entry
 * @param {NodeJS.WritableStream} output
 * @param {(bytes: number) => void} onBytes
 */
async function stream(handle, entry, output, onBytes) {
  const start = await dataStart(handle, entry);
  const check = checksum(entry, onBytes);
  if (entry.compressedSize === 0) {
    check.end();
    await pipeline(check, output);
    return;
  }
  const end = start + entry.compressedSize - 1;
  // By number: each stream on the handle itself would leave a listener there, for thousands of files.
  const raw = fs.createReadStream("", { fd: handle.fd, start, end, autoClose: false });
  try {
    if (entry.method === 0) await pipeline(raw, check, output);
    else if (entry.method === 8) await pipeline(raw, zlib.createInflateRaw(), check, output);
    else throw new ZipError(`${entry.name} is compressed in an unknown way (${entry.method})`);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code?.startsWith("Z_")) {
      throw new ZipError(`${entry.name} is damaged (${/** @type {Error} */ (error).message})`);
    }
    throw error;
  }
}

/**
 * The local header repeats the name and may carry other extra fields than the directory does.
 * @param {fs.promises.FileHandle} handle
 * @param {Entry} entry
 */
async function dataStart(handle, entry) {
  const header = await readAt(handle, entry.offset, 30);
  if (header.readUInt32LE(0) !== 0x04034b50) throw new ZipError(`no header of ${entry.name} found`);
  return entry.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
}

/**
 * Passes bytes on and fails at the end unless their count and CRC-32 are the directory's.
 * @param {Entry} entry
 * @param {(bytes: number) => void} onBytes
 */
function checksum(entry, onBytes) {
  let crc = 0;
  let size = 0;
  return new Transform({
    transform(chunk, _, next) {
      crc = zlib.crc32(chunk, crc);
      size += chunk.length;
      if (size > entry.size) return next(new ZipError(`${entry.name} is longer than announced`));
      onBytes(chunk.length);
      next(null, chunk);
    },
    flush(next) {
      if (size !== entry.size) {
        return next(new ZipError(`${entry.name} has ${size} bytes instead of ${entry.size}`));
      }
      if (crc !== entry.crc) return next(new ZipError(`${entry.name} is damaged (CRC-32 differs)`));
      next();
    },
  });
}

/**
 * @param {string} folder
 * @param {string} name
 */
function inside(folder, name) {
  const target = path.resolve(folder, name);
  const escapes = !target.startsWith(path.resolve(folder) + path.sep);
  if (escapes || path.isAbsolute(name) || name.includes("\\") || name.includes("\0")) {
    throw new ZipError(`it holds a name that leaves the folder: ${JSON.stringify(name)}`);
  }
  return target;
}

module.exports = { unzip, listZip, readZipText, ZipError };
