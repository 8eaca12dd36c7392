import fs from "node:fs";
import path from "node:path";

/**
 * Writes a file whole or not at all, over an older one only when complete: into a file beside it, which
 * then takes its name. Throws the system's error when it cannot be written.
 */
export function writeWhole(file: string, write: (descriptor: number) => void): void {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.tmp`);
  const descriptor = fs.openSync(temporary, "w");
  let isOpen = true;
  try {
    write(descriptor);
    fs.fsyncSync(descriptor);
    isOpen = false;
    fs.closeSync(descriptor);
    fs.renameSync(temporary, file);
  } catch (error) {
    if (isOpen) fs.closeSync(descriptor);
    fs.rmSync(temporary, { force: true });
    throw error;
  }
}

/** All bytes at the file's position; a single call may write fewer. */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += fs.writeSync(descriptor, bytes, at);
}
