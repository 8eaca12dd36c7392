import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Tensor } from "../torch";
import * as torch from "../torch";

const CONFIG = "config.json";
const WEIGHTS = "model.safetensors";

/** Before the names of a model's weights in files that hold more than those. */
const STATE = "state_dict.";

/** Many readers of safetensors, transformers among them, ask for whose layout the weights have. */
const MADE_FOR = { format: "pt" };

/** The weights of a folder, the first that is there: whole, in parts with an index, or a pickle. */
const WEIGHTS_FILES = [
  WEIGHTS,
  `${WEIGHTS}.index.json`,
  "pytorch_model.bin",
  "pytorch_model.bin.index.json",
];

/**
 * The files of a model: in a folder, or a weights file with its configuration beside it. Where
 * there is no configuration, which `configNeeded` makes an error, `config` is null.
 */
export function findCheckpoint(
  path: string,
  { configNeeded = true }: { readonly configNeeded?: boolean } = {},
): { config: string | null; weights: string } {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw new Error(`${path}: there is no such file or folder`);
  const folder = stats.isDirectory() ? path : dirname(path);
  const config = join(folder, CONFIG);
  const found = WEIGHTS_FILES.map((name) => join(folder, name)).find(isThere);
  const weights = stats.isDirectory() ? found : path;
  const lacksConfig = !isThere(config) && (configNeeded || stats.isDirectory());
  const absent = [lacksConfig && config, !weights && join(folder, WEIGHTS)].filter(Boolean);
  if (!weights || lacksConfig) {
    throw new Error(
      `${path}: ${absent.join(" and ")} not found; a pretrained model is a folder with ${CONFIG} ` +
        `and ${WEIGHTS} or pytorch_model.bin, or a weights file with ${CONFIG} beside it`,
    );
  }
  return { config: isThere(config) ? config : null, weights };
}

/** The object in a JSON file; throws, naming the file, where there is none. */
export function readConfig(file: string): Record<string, unknown> {
  let config: unknown;
  try {
    config = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(`${file}: is not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (isRecord(config)) return config;
  throw new Error(`${file}: has to hold an object`);
}

/** The weights in a file, in the parts that an index lists, or in a training state's `state_dict`. */
export function readWeights(file: string): Record<string, Tensor> {
  if (file.endsWith(".index.json")) return readParts(file);
  const weights = torch.load(file);
  const within = Object.entries(weights).filter(([name]) => name.startsWith(STATE));
  if (within.length === 0) return weights;
  return Object.fromEntries(within.map(([name, tensor]) => [name.slice(STATE.length), tensor]));
}

/** Writes both files of a model, weights first, each under another name until it is whole. */
export function writeCheckpoint(
  folder: string,
  config: object,
  weights: Readonly<Record<string, Tensor>>,
): void {
  mkdirSync(folder, { recursive: true });
  writeWhole(join(folder, WEIGHTS), (file) => torch.save(weights, file, { metadata: MADE_FOR }));
  writeWhole(join(folder, CONFIG), (file) =>
    writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`),
  );
}

/** Each weight from the part, a file beside the index, that the index says it is in. */
function readParts(index: string): Record<string, Tensor> {
  const { weight_map } = readConfig(index);
  if (!isRecord(weight_map)) throw new Error(`${index}: has no weight_map`);
  const parts = new Map<string, Record<string, Tensor>>();
  const weights = Object.entries(weight_map).map(([name, part]) => {
    if (typeof part !== "string" || basename(part) !== part) {
      throw new Error(
        `${index}: ${name} is in ${JSON.stringify(part)}, which is no file beside it`,
      );
    }
    if (!parts.has(part)) parts.set(part, readWeights(join(dirname(index), part)));
    const weight = parts.get(part)![name];
    if (!weight) throw new Error(`${index}: ${name} is not in ${part}`);
    return [name, weight] as const;
  });
  return Object.fromEntries(weights);
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

function isThere(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
