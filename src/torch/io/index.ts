import fs from "node:fs";
import { checkOptions, describe } from "../errors";
import { Tensor } from "../tensor";
import { writeWhole } from "./atomic";
import { type Format, formatOfName, recognise } from "./format";
import { loadNpy, loadNpz, type NpzOptions } from "./numpy/load";
import { writeNpy, writeNpz } from "./numpy/write";
import { loadSaved, loadTensors, type Saved, writePyTorch } from "./pytorch";
import { loadSafetensors, readHeader, writeSafetensors } from "./safetensors";
import { findWeights, isIndex, loadShards } from "./shards";

export type { Format } from "./format";
export type { Saved } from "./pytorch";

/** Options of `load` and `loadObject`. */
export type LoadOptions = NpzOptions;

/**
 * Reads a file of named tensors; its content tells the format: safetensors, what Python's `torch.save`
 * wrote (zip or older layout), .npz, .npy. A folder or a `*.index.json` gives the tensors of all its
 * files. Files are memory-mapped, so do not cut off one that is in use. Nothing in them is run.
 *
 * Nested dicts of a PyTorch file give names with dots; what is no tensor is left out, see `loadObject`.
 * One array without a name is called "tensor". Throws TorchError for what is damaged or of another
 * format, naming the file and the reason; a hostile pickle's reason is the name that it wants.
 */
export function load(file: string, options: LoadOptions = {}): Record<string, Tensor> {
  checkPath("load", file);
  checkOptions("load", options, ["maximalBytes"]);
  if (fs.statSync(file).isDirectory()) return load(findWeights(file), options);
  if (isIndex(file)) return loadShards(file, (shard) => load(shard, options));
  const { format, start } = recognise(file);
  if (format === "safetensors") return loadSafetensors(file);
  if (format === "npz") return loadNpz(file, options);
  return format === "npy" ? { tensor: loadNpy(file) } : loadTensors(file, start);
}

/**
 * All that was saved in a PyTorch file, as it was nested. Dicts become plain objects where their keys are
 * texts or whole numbers, else Maps; lists and tuples arrays; sets Sets; int numbers, beyond 2^53 bigints;
 * complex numbers { re, im }; bytes Uint8Arrays; dtypes and devices their names; numpy's arrays Tensors.
 * Of other formats it gives what `load` does, of .npy the Tensor. `T` is yours to know:
 * `loadObject<{ model: Record<string, Tensor>; epoch: number }>(file)`.
 *
 * Throws as `load` does.
 */
export function loadObject<T = Saved>(file: string, options: LoadOptions = {}): T {
  checkPath("loadObject", file);
  const isFile = !fs.statSync(file).isDirectory() && !isIndex(file);
  const found = isFile ? recognise(file) : null;
  if (found?.format === "pytorch") return loadSaved(file, found.start) as T;
  return (found?.format === "npy" ? loadNpy(file) : load(file, options)) as T;
}

/** The strings that were saved beside the tensors; none but in safetensors. */
export function loadMetadata(file: string): Record<string, string> {
  checkPath("load", file);
  return recognise(file).format === "safetensors" ? { ...readHeader(file).metadata } : {};
}

/** Options of `save`. */
export interface SaveOptions {
  /** By default what the name's ending says: .pt, .pth, .bin and .ckpt "pytorch", .npy, .npz, else
   * "safetensors". */
  readonly format?: Format;
  /** Strings that travel with the tensors, in safetensors. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes a file whole or not at all, over an older one only when complete. safetensors and .npz take
 * a record of tensors, .npy a Tensor. PyTorch's format takes plain objects, Maps, arrays, Sets, Tensors,
 * Uint8Arrays, numbers and strings, and Python's `torch.load` reads it, with weights_only too.
 *
 * Throws TypeError for what the format cannot hold, the system's error when it cannot be written.
 */
export function save(value: unknown, file: string, options: SaveOptions = {}): void {
  checkPath("save", file);
  checkOptions("save", options, ["format", "metadata"]);
  const { format = formatOfName(file), metadata = {} } = options;
  const write = writerOf(format, value, metadata);
  writeWhole(file, write);
}

function writerOf(
  format: Format,
  value: unknown,
  metadata: Readonly<Record<string, string>>,
): (descriptor: number) => void {
  if (format !== "safetensors" && Object.keys(metadata).length > 0) {
    throw new TypeError(`save: option 'metadata': ${format} files have none`);
  }
  switch (format) {
    case "pytorch":
      return (descriptor) => writePyTorch(descriptor, value);
    case "npy": {
      if (!(value instanceof Tensor)) throw wrongValue("a Tensor", value);
      return (descriptor) => writeNpy(descriptor, value);
    }
    case "npz":
      checkRecord(value);
      return (descriptor) => writeNpz(descriptor, value);
    case "safetensors":
      checkRecord(value);
      checkMetadata(metadata);
      return (descriptor) => writeSafetensors(descriptor, value, metadata);
    default:
      throw new TypeError(
        `save: option 'format': expected "safetensors", "pytorch", "npz" or "npy", given ` +
          describe(format),
      );
  }
}

function checkPath(what: string, file: unknown): asserts file is string {
  if (typeof file === "string" && file !== "" && !file.includes("\0")) return;
  throw new TypeError(`${what}: argument 'path': expected a path, given ${describe(file)}`);
}

function checkRecord(tensors: unknown): asserts tensors is Record<string, Tensor> {
  if (typeof tensors !== "object" || tensors === null || tensors instanceof Tensor) {
    throw wrongValue("a record of name to Tensor", tensors);
  }
  for (const [name, tensor] of Object.entries(tensors)) {
    if (tensor instanceof Tensor) continue;
    throw new TypeError(`save: tensor '${name}': expected a Tensor, given ${describe(tensor)}`);
  }
}

function wrongValue(expected: string, value: unknown): TypeError {
  return new TypeError(
    `save: argument 'tensors': expected ${expected}, given ${describe(value)}; files of PyTorch's ` +
      "(.pt) hold other values too",
  );
}

function checkMetadata(metadata: object): void {
  for (const [name, text] of Object.entries(metadata)) {
    if (typeof text === "string") continue;
    throw new TypeError(`save: metadata '${name}': expected a string, given ${describe(text)}`);
  }
}
