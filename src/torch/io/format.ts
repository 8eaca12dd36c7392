import fs from "node:fs";
import path from "node:path";
import { TorchError } from "../errors";
import { isNpy } from "./numpy/header";
import { isNpz } from "./numpy/load";
import { isPickle, isZip } from "./pytorch";
import { withFile } from "./read";
import { isSafetensors } from "./safetensors";

/** The formats that `save` writes and `load` tells apart. */
export type Format = "safetensors" | "pytorch" | "npy" | "npz";

const startBytes = 512;

/** What a file is by its content, with its first bytes. Throws TorchError for what is none. */
export function recognise(file: string): { format: Format; start: Buffer } {
  const { start, size } = readStart(file);
  const format = formatOf(start, size);
  if (format) return { format, start };
  const other = whatElse(start);
  if (other) throw new TorchError(`load: ${file} is ${other}`);
  throw new TorchError(
    `load: ${file} is neither a safetensors nor a PyTorch nor a numpy file: it has ` +
      `${size.toLocaleString("en")} bytes and starts like none. Is it complete?`,
  );
}

/** What lies where a file was to be, when a download went wrong, and what to do; null when it is none of that. */
export function whatElse(start: Buffer): string | null {
  const text = start.toString("latin1", 0, 512).trimStart().toLowerCase();
  if (text.startsWith("version https://git-lfs.github.com/")) {
    return "a Git LFS pointer, not the file that it stands for: run `git lfs pull` where it was cloned";
  }
  if (text.startsWith("<!doctype html") || text.startsWith("<html")) {
    return "a web page saved in the file's place: download the file itself";
  }
  return start.length === 0 ? "empty: was it downloaded completely?" : null;
}

function formatOf(start: Buffer, size: number): Format | null {
  // First, as its length may start like anything; the others' starts are no lengths of a header.
  if (isSafetensors(start, size)) return "safetensors";
  if (isNpy(start)) return "npy";
  if (isNpz(start)) return "npz";
  return isZip(start) || isPickle(start) ? "pytorch" : null;
}

const formatByExtension: Readonly<Record<string, Format>> = {
  ".pt": "pytorch",
  ".pth": "pytorch",
  ".bin": "pytorch",
  ".ckpt": "pytorch",
  ".npy": "npy",
  ".npz": "npz",
};

/** What to write by the file's name; safetensors where it says nothing. */
export function formatOfName(file: string): Format {
  return formatByExtension[path.extname(file).toLowerCase()] ?? "safetensors";
}

function readStart(file: string): { start: Buffer; size: number } {
  return withFile(file, (descriptor, size) => {
    const buffer = Buffer.alloc(startBytes);
    const count = fs.readSync(descriptor, buffer, 0, startBytes, 0);
    return { start: buffer.subarray(0, count), size };
  });
}
