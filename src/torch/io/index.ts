import fs from "node:fs";
import path from "node:path";
import { describe, TorchError } from "../errors";
import { Tensor } from "../tensor";
import { isSafetensors, loadSafetensors, readHeader, writeSafetensors } from "./safetensors";

/**
 * Reads a file of named tensors; its content tells the format: safetensors, memory-mapped.
 *
 * Throws TorchError for what is damaged or of another format, naming the file and the reason.
 */
export function load(file: string): Record<string, Tensor> {
  checkFormat(file);
  return loadSafetensors(file);
}

/** The strings that were saved beside the tensors. */
export function loadMetadata(file: string): Record<string, string> {
  checkFormat(file);
  return { ...readHeader(file).metadata };
}

export interface SaveOptions {
  /** Strings that travel with the tensors. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes named tensors as safetensors: whole or not at all, over an older file only when complete.
 *
 * Throws TypeError for what is no record of tensors, the system's error when it cannot be written.
 */
export function save(
  tensors: Readonly<Record<string, Tensor>>,
  file: string,
  { metadata = {} }: SaveOptions = {},
): void {
  checkPath("save", file);
  checkRecord(tensors, metadata);
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.tmp`);
  const descriptor = fs.openSync(temporary, "w");
  try {
    writeSafetensors(descriptor, tensors, metadata);
    fs.fsyncSync(descriptor);
    fs.closeSync(descriptor);
    fs.renameSync(temporary, file);
  } catch (error) {
    try {
      fs.closeSync(descriptor);
    } catch {
      // It was closed already.
    }
    fs.rmSync(temporary, { force: true });
    throw error;
  }
}

const startBytes = 16;

function checkFormat(file: string): void {
  checkPath("load", file);
  const descriptor = fs.openSync(file, "r");
  const buffer = Buffer.alloc(startBytes);
  let start: Buffer;
  let size: number;
  try {
    const status = fs.fstatSync(descriptor);
    if (!status.isFile()) throw new TorchError(`load: ${file} is no file`);
    size = status.size;
    start = buffer.subarray(0, fs.readSync(descriptor, buffer, 0, startBytes, 0));
  } finally {
    fs.closeSync(descriptor);
  }
  if (isSafetensors(start, size)) return;
  const isZip = start.subarray(0, 4).toString("latin1") === "PK\x03\x04";
  const isPickle = start[0] === 0x80;
  if (!isZip && !isPickle) {
    throw new TorchError(
      `load: ${file} is no valid safetensors file: it has ${size.toLocaleString("en")} bytes and ` +
        "does not start with a safetensors header. Is it complete?",
    );
  }
  throw new TorchError(
    `load: ${file} is a PyTorch ${isZip ? "zip" : "pickle"} file, expected safetensors. Convert it ` +
      "in Python: safetensors.torch.save_file(torch.load(path, weights_only=True), new_path)",
  );
}

function checkPath(what: string, file: unknown): asserts file is string {
  if (typeof file === "string" && file !== "" && !file.includes("\0")) return;
  throw new TypeError(`${what}: argument 'path': expected a path, given ${describe(file)}`);
}

function checkRecord(tensors: unknown, metadata: unknown): void {
  if (typeof tensors !== "object" || tensors === null || tensors instanceof Tensor) {
    throw new TypeError(
      `save: argument 'tensors': expected a record of name to Tensor, given ${describe(tensors)}`,
    );
  }
  for (const [name, tensor] of Object.entries(tensors)) {
    if (tensor instanceof Tensor) continue;
    throw new TypeError(`save: tensor '${name}': expected a Tensor, given ${describe(tensor)}`);
  }
  for (const [name, text] of Object.entries(metadata as object)) {
    if (typeof text === "string") continue;
    throw new TypeError(`save: metadata '${name}': expected a string, given ${describe(text)}`);
  }
}
