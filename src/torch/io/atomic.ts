import fs from "node:fs";

/** What both the set-up and the rest of the project write with; the set-up is plain JavaScript. */
const shared = require("../../../setup/whole-file") as WholeFile;

interface WholeFile {
  readonly writeWhole: (
    file: string,
    content: string | Uint8Array | ((descriptor: number) => void),
  ) => void;
  readonly partialName: (file: string) => string;
  readonly syncFolder: (folder: string) => void;
}

/**
 * Writes a file whole or not at all, over an older one only when complete, and through a symbolic link.
 * Throws the system's error, with the path and what helps, when it cannot be written.
 */
export const writeWhole = shared.writeWhole;

/** A name beside a file or folder that nobody else uses. */
export const partialName = shared.partialName;

/** Makes the names in a folder last through a power cut. */
export const syncFolder = shared.syncFolder;

/** All bytes at the file's position; a single call may write fewer. */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += fs.writeSync(descriptor, bytes, at);
}
