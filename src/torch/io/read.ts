import fs from "node:fs";

/** Opens a file for reading; `use` gets its descriptor and its size in bytes. */
export function withFile<T>(file: string, use: (descriptor: number, size: number) => T): T {
  const descriptor = fs.openSync(file, "r");
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
