import fs from "node:fs";
import path from "node:path";
import { TorchError } from "../errors";
import type { Tensor } from "../tensor";
import { requireFile } from "./read";

// Checkpoints in several files, as Hugging Face writes them: an index with { weight_map: { name: file } },
// the files beside it.

/** The files of a folder that hold its tensors, the first that is there. */
const names = ["model.safetensors", "pytorch_model.bin"].flatMap((name) => [
  name,
  `${name}.index.json`,
]);

export function isIndex(file: string): boolean {
  return file.endsWith(".index.json");
}

/** The file, or index, of a folder. Throws TorchError when it has none. */
export function findWeights(folder: string): string {
  const found = names.map((name) => path.join(folder, name)).find((file) => fs.existsSync(file));
  if (found) return found;
  throw new TorchError(`load: the folder ${folder} has none of ${names.join(", ")}`);
}

/**
 * The tensors of all files that an index lists; `load` reads one file. Throws TorchError that names the
 * index for files that are missing or elsewhere, for tensors that are missing, in another file than the
 * index says, or in two.
 */
export function loadShards(
  index: string,
  load: (file: string) => Record<string, Tensor>,
): Record<string, Tensor> {
  const fileByName = readIndex(index);
  const files = [...new Set(fileByName.values())].sort();
  const folder = path.dirname(index);
  const missing = files.filter((file) => !fs.existsSync(path.join(folder, file)));
  if (missing.length > 0) {
    throw broken(
      index,
      `${missing.length} of its ${files.length} files are not beside it: ${listed(missing)}. ` +
        "Was the checkpoint downloaded completely?",
    );
  }
  const found = new Map<string, { file: string; tensor: Tensor }>();
  for (const file of files) {
    for (const [name, tensor] of Object.entries(load(path.join(folder, file)))) {
      const other = found.get(name)?.file;
      if (other) throw broken(index, `tensor '${name}' is in two files: ${other} and ${file}`);
      found.set(name, { file, tensor });
    }
  }
  for (const [name, file] of fileByName) {
    const actual = found.get(name)?.file;
    if (actual === file) continue;
    const where = actual ? `in ${actual}` : "in none of its files";
    throw broken(index, `tensor '${name}' should be in ${file}, and is ${where}`);
  }
  return Object.fromEntries([...found].map(([name, { tensor }]) => [name, tensor]));
}

/** Larger ones list more tensors than a machine holds. */
const maximalIndex = 100_000_000; // bytes

function readIndex(index: string): Map<string, string> {
  requireFile(index);
  const { size } = fs.statSync(index);
  if (size > maximalIndex) throw broken(index, `${size.toLocaleString("en")} bytes are too many`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(fs.readFileSync(index, "utf8"));
  } catch (error) {
    throw broken(index, `it is not JSON: ${(error as Error).message}`);
  }
  const map = isRecord(parsed) ? parsed.weight_map : undefined;
  if (!isRecord(map)) throw broken(index, "it has no object weight_map");
  const entries = Object.entries(map).map(([name, file]): [string, string] => {
    const isBeside = typeof file === "string" && file !== "" && path.basename(file) === file;
    if (isBeside && file !== ".." && file !== "." && !file.includes("\0") && !isIndex(file)) {
      return [name, file];
    }
    const given = (JSON.stringify(file) ?? "nothing").slice(0, 100);
    throw broken(index, `tensor '${name}' is in ${given}, which is no file beside it`);
  });
  return new Map(entries);
}

function listed(items: readonly string[]): string {
  const more = items.length > 5 ? ` and ${items.length - 5} more` : "";
  return items.slice(0, 5).join(", ") + more;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function broken(index: string, why: string): TorchError {
  return new TorchError(`load: ${index} is no valid index of a checkpoint: ${why}`);
}
