import { mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Tensor } from "../torch";
import * as torch from "../torch";
import { writeWhole } from "../torch/io/atomic";
import { whatElse } from "../torch/io/format";
import { requireFile } from "../torch/io/read";

const CONFIG = "config.json";
const WEIGHTS = "model.safetensors";

/** No configuration is larger; id2label of a million classes is 40 MB. */
const CONFIG_BYTES = 64 * 2 ** 20;

/** Many readers of safetensors, transformers among them, ask for whose layout the weights have. */
const MADE_FOR = { format: "pt" };

/**
 * The configuration of a model's folder, or beside its weights file, and what `readWeights` reads. Where
 * there is no configuration, which `configNeeded` makes an error for a file, `config` is null.
 */
export function findCheckpoint(
  path: string,
  { configNeeded = true }: { readonly configNeeded?: boolean } = {},
): { config: string | null; weights: string } {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw new Error(`${path}: there is no such file or folder`);
  const config = join(stats.isDirectory() ? path : dirname(path), CONFIG);
  if (isThere(config)) return { config, weights: path };
  if (!configNeeded && !stats.isDirectory()) return { config: null, weights: path };
  throw new Error(
    `${path}: ${config} not found; a pretrained model is a folder with ${CONFIG} and ${WEIGHTS} or ` +
      `pytorch_model.bin, or a weights file with ${CONFIG} beside it`,
  );
}

/** The object in a JSON file; throws, naming the file, where there is none. */
export function readConfig(file: string): Record<string, unknown> {
  requireFile(file, "config");
  const { size } = statSync(file);
  if (size > CONFIG_BYTES) {
    const most = `at most ${CONFIG_BYTES.toLocaleString("en")} are read`;
    throw new Error(
      `${file}: has ${size.toLocaleString("en")} bytes, ${most}: is it a configuration?`,
    );
  }
  const content = readFileSync(file);
  const other = whatElse(content);
  if (other) throw new Error(`${file}: is ${other}`);
  let config: unknown;
  try {
    config = JSON.parse(content.toString("utf8"));
  } catch (error) {
    throw new Error(`${file}: is not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (isRecord(config)) return config;
  throw new Error(`${file}: has to hold an object`);
}

/** Writes both files of a model, weights first, each under another name until it is whole. */
export function writeCheckpoint(
  folder: string,
  config: object,
  weights: Readonly<Record<string, Tensor>>,
): void {
  mkdirSync(folder, { recursive: true });
  torch.save(weights, join(folder, WEIGHTS), { metadata: MADE_FOR });
  writeWhole(join(folder, CONFIG), `${JSON.stringify(config, null, 2)}\n`);
}

function isThere(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
