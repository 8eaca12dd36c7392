const { randomBytes } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

/**
 * Writes a file whole or not at all, over an older one only when complete: the one way in which files are
 * written here, by the set-up too, which is plain JavaScript.
 *
 * What is written goes into a file beside it that nobody else has, reaches the disk, and takes the name; the
 * folder then reaches the disk too, so that neither a killed process nor a power cut leaves half a file. An
 * older file's mode stays; a symbolic link stays and what it points at is written.
 *
 * @param {string} file
 * @param {string | Uint8Array | ((descriptor: number) => void)} content or what writes it
 * @throws {Error} the system's, with its code, the path and what helps
 */
function writeWhole(file, content) {
  try {
    const target = targetOf(file);
    replace(target, content);
    syncFolder(path.dirname(target));
  } catch (error) {
    throw explained(error, file);
  }
}

/**
 * @param {string} target
 * @param {string | Uint8Array | ((descriptor: number) => void)} content
 */
function replace(target, content) {
  const temporary = partialName(target);
  const mode = fs.statSync(target, { throwIfNoEntry: false })?.mode;
  // Never through what somebody else put there, a symbolic link least of all.
  const descriptor = fs.openSync(temporary, "wx");
  let isOpen = true;
  try {
    if (typeof content === "function") content(descriptor);
    else fs.writeFileSync(descriptor, content);
    if (mode !== undefined) fs.fchmodSync(descriptor, mode & 0o777);
    fs.fsyncSync(descriptor);
    isOpen = false;
    fs.closeSync(descriptor);
    fs.renameSync(temporary, target);
  } catch (error) {
    if (isOpen) fs.closeSync(descriptor);
    fs.rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * A name beside a file or folder that nobody else uses.
 * @param {string} file
 */
function partialName(file) {
  // Names have at most 255 bytes, of which the file's own may be all.
  const name = path.basename(file).slice(0, 50);
  return path.join(path.dirname(file), `.${name}.${randomBytes(8).toString("hex")}.partial`);
}

/**
 * Makes the names in a folder last: they are on disk only when it is.
 * @param {string} folder
 */
function syncFolder(folder) {
  let descriptor;
  try {
    descriptor = fs.openSync(folder, "r");
    fs.fsyncSync(descriptor);
  } catch {
    // Some systems open or sync no folders, and some folders may be written to but not read.
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

/**
 * Where a link leads, which may be nowhere yet.
 * @param {string} file
 */
function targetOf(file) {
  let target = file;
  for (let links = 0; links < 40; links++) {
    const isLink = fs.lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink();
    if (!isLink) return target;
    target = path.resolve(path.dirname(target), fs.readlinkSync(target));
  }
  throw Object.assign(new Error("ELOOP: too many symbolic links"), { code: "ELOOP" });
}

/** @type {Readonly<Record<string, string>>} */
const remedies = {
  ENOSPC: "the disk is full: make room there, or write elsewhere",
  EDQUOT: "your share of the disk is used up: make room there, or write elsewhere",
  EROFS: "nothing can be written there: choose another folder",
  EACCES: "you may not write there: choose another folder, or change its permissions",
  EPERM: "you may not write there: choose another folder, or change its permissions",
  EISDIR: "a folder has that name: choose another name",
  ENOTDIR: "a part of the path is a file, not a folder",
  ENOENT: "its folder is not there: make it first",
  ENAMETOOLONG: "the name is too long: choose a shorter one",
  EFBIG: "the file is too large for that file system",
};

/**
 * A system's error with the file's own name and what helps; other errors stay as they are.
 * @param {unknown} error
 * @param {string} file
 */
function explained(error, file) {
  const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
  if (!(error instanceof Error) || code === undefined || !(code in remedies)) return error;
  const text = `${file} could not be written: ${remedies[code]} (${message})`;
  return Object.assign(new Error(text, { cause: error }), { code, path: file });
}

module.exports = { writeWhole, partialName, syncFolder };
