import fs from "node:fs";
import path from "node:path";
import { describe, TorchError } from "../errors";
import { Tensor } from "../tensor";
import { isPickle, isZip, loadPyTorch } from "./pytorch";
import { isSafetensors, loadSafetensors, readHeader, writeSafetensors } from "./safetensors";

/**
 * Reads a file of named tensors; its content tells the format: safetensors, or what Python's
 * `torch.save` wrote (zip or older layout). The file is memory-mapped, and nothing in it is run.
 *
 * Nested dicts of a PyTorch file give names with dots; what is no tensor is left out.
 * Throws TorchError for what is damaged or of another format, naming the file and the reason.
 */
export function load(file: string): Record<string, Tensor> {
  const { format, start } = recognise(file);
  return format === "safetensors" ? loadSafetensors(file) : loadPyTorch(file, start);
}

/** The strings that were saved beside the tensors; none in PyTorch's files. */
export function loadMetadata(file: string): Record<string, string> {
  return recognise(file).format === "safetensors" ? { ...readHeader(file).metadata } : {};
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

type Format = "safetensors" | "pytorch";

function recognise(file: string): { format: Format; start: Buffer } {
  checkPath("load", file);
  const { start, size } = readStart(file);
  if (isSafetensors(start, size)) return { format: "safetensors", start };
  if (isZip(start) || isPickle(start)) return { format: "pytorch", start };
  throw new TorchError(
    `load: ${file} is neither a safetensors nor a PyTorch file: it has ` +
      `${size.toLocaleString("en")} bytes and starts like neither. Is it complete?`,
  );
}

function readStart(file: string): { start: Buffer; size: number } {
  const descriptor = fs.openSync(file, "r");
  try {
    const status = fs.fstatSync(descriptor);
    if (!status.isFile()) throw new TorchError(`load: ${file} is no file`);
    const buffer = Buffer.alloc(startBytes);
    const count = fs.readSync(descriptor, buffer, 0, startBytes, 0);
    return { start: buffer.subarray(0, count), size: status.size };
  } finally {
    fs.closeSync(descriptor);
  }
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
