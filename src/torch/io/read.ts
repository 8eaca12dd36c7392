import fs from "node:fs";
import { TorchError } from "../errors";

/**
 * Opens a file for reading. Throws TorchError for what is none, as a pipe that nobody writes to would be
 * waited for, and the system's error for what is not there.
 */
export function openFile(file: string, what = "load"): number {
  requireFile(file, what);
  // Should a pipe have taken its place since.
  return fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
}

/** Throws TorchError for a folder, a pipe, a socket or a device, and the system's error for nothing. */
export function requireFile(file: string, what = "load"): void {
  const status = fs.statSync(file);
  if (status.isFile()) return;
  const kinds: [boolean, string][] = [
    [status.isDirectory(), "a folder"],
    [status.isFIFO(), "a pipe"],
    [status.isSocket(), "a socket"],
  ];
  const kind = kinds.find(([is]) => is)?.[1] ?? "a device";
  throw new TorchError(`${what}: ${file} is ${kind}, no file; copy its content into one`);
}

/** Opens a file for reading; `use` gets its descriptor and its size in bytes. */
export function withFile<T>(file: string, use: (descriptor: number, size: number) => T): T {
  const descriptor = openFile(file);
  try {
    return use(descriptor, fs.fstatSync(descriptor).size);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Bytes of a file of `size` bytes, or an error when it ends before. */
export function readAt(descriptor: number, position: number, length: number, size: number): Buffer {
  const isInside = position >= 0 && length >= 0 && position + length <= size;
  if (!isInside) throw new Error("the file is cut off");
  const buffer = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const count = fs.readSync(descriptor, buffer, done, length - done, position + done);
    if (count === 0) throw new Error("the file is cut off");
    done += count;
  }
  return buffer;
}

/** An error's message, cut where a damaged file fills it with names of its own. */
export function reasonOf(error: unknown): string {
  const { message } = error as Error;
  return message.length > 800 ? `${message.slice(0, 797)}...` : message;
}
