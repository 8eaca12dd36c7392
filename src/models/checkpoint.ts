import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Tensor } from "../torch";
import * as torch from "../torch";

const CONFIG = "config.json";
const WEIGHTS = "model.safetensors";

/** The two files of a model: in a folder, or a weights file with its configuration beside it. */
export function findCheckpoint(path: string): { config: string; weights: string } {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw new Error(`${path}: there is no such file or folder`);
  const folder = stats.isDirectory() ? path : dirname(path);
  const files = {
    config: join(folder, CONFIG),
    weights: stats.isDirectory() ? join(folder, WEIGHTS) : path,
  };
  const absent = Object.values(files).filter((file) => !statSync(file, { throwIfNoEntry: false }));
  if (absent.length > 0) {
    throw new Error(
      `${path}: ${absent.join(" and ")} not found; a pretrained model is a folder with ${CONFIG} ` +
        `and ${WEIGHTS}, or a weights file with ${CONFIG} beside it`,
    );
  }
  return files;
}

/** The object in a JSON file; throws, naming the file, where there is none. */
export function readConfig(file: string): Record<string, unknown> {
  let config: unknown;
  try {
    config = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(`${file}: is not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (typeof config === "object" && config !== null && !Array.isArray(config)) {
    return config as Record<string, unknown>;
  }
  throw new Error(`${file}: has to hold an object`);
}

/** The names without the `module.` that data-parallel wrappers put before all of them. */
export function withoutWrapper(state: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  const entries = Object.entries(state);
  const wrapped = entries.length > 0 && entries.every(([name]) => name.startsWith("module."));
  if (!wrapped) return { ...state };
  return Object.fromEntries(
    entries.map(([name, tensor]) => [name.slice("module.".length), tensor]),
  );
}

/** Writes both files of a model, weights first, each under another name until it is whole. */
export function writeCheckpoint(
  folder: string,
  config: object,
  weights: Readonly<Record<string, Tensor>>,
): void {
  mkdirSync(folder, { recursive: true });
  writeWhole(join(folder, WEIGHTS), (file) => torch.save(weights, file));
  writeWhole(join(folder, CONFIG), (file) =>
    writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`),
  );
}

function writeWhole(file: string, write: (file: string) => void): void {
  const partial = `${file}.${process.pid}.part`;
  try {
    write(partial);
    renameSync(partial, file);
  } finally {
    rmSync(partial, { force: true });
  }
}
