// Reads damaged files, one after the other: node -r ts-node/register/transpile-only
// test/torch/fuzz-run.ts <target> <seed> <first> <count>. Ends with a line of JSON. Before each file it
// writes its number to the folder, so that what ends the process is known. Prints what is wrong.

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import * as torch from "../../src/torch";
import { mutate, Random } from "./fuzz-mutate";
import { targets, touch } from "./fuzz-targets";

export interface FuzzReport {
  readonly refused: number;
  readonly read: number;
  /** The longest time of one file, in milliseconds. */
  readonly slowest: number;
  /** What the process grew by, in MiB. */
  readonly grown: number;
  readonly wrong: readonly string[];
}

const patience = 5_000; // milliseconds for one file of some kilobytes
const constant = 400; // MiB of memory that do not depend on the file

if (require.main === module) main();

function main(): void {
  const [name, ...numbers] = process.argv.slice(2);
  const [seed, first, count] = numbers.map(Number);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "adaptune-fuzz-"));
  try {
    process.stdout.write(`${JSON.stringify(fuzz(name, { seed, first, count }, folder))}\n`);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

function fuzz(
  name: string,
  { seed, first, count }: { seed: number; first: number; count: number },
  folder: string,
): FuzzReport {
  const { originals, read, wrap = (content: Buffer) => content } = targets[name];
  const files = originals();
  const wrong: string[] = [];
  let [refused, slowest] = [0, 0];
  for (const [file, content] of files) fs.writeFileSync(path.join(folder, file), content);
  writeShards(folder);
  const before = process.resourceUsage().maxRSS;
  for (let n = first; n < first + count; n++) {
    process.stderr.write(`${n}\n`);
    const random = new Random(seed * 1_000_003 + n);
    const [file, content] = random.pick(files);
    const damaged = path.join(folder, file);
    fs.writeFileSync(damaged, wrap(mutate(content, random)));
    const from = performance.now();
    try {
      torch.scope(() => void touch(read(damaged)));
    } catch (error) {
      refused += 1;
      const problem = problemOf(error, damaged);
      if (problem) wrong.push(`${n}: ${problem}`);
    }
    const took = performance.now() - from;
    slowest = Math.max(slowest, took);
    if (took > patience) wrong.push(`${n}: took ${Math.round(took)} ms`);
  }
  const grown = Math.round((process.resourceUsage().maxRSS - before) / 1024);
  if (grown > constant) wrong.push(`the process grew by ${grown} MiB`);
  return { refused, read: count - refused, slowest: Math.round(slowest), grown, wrong };
}

/** What an index may lead to. */
function writeShards(folder: string): void {
  for (const [name, file] of [
    ["x", "model-1.safetensors"],
    ["y", "model-2.safetensors"],
  ]) {
    torch.save({ [name]: torch.ones([2]) }, path.join(folder, file));
  }
}

/** Errors are TorchErrors that name the file, short enough to be read. */
function problemOf(error: unknown, file: string): string | null {
  if (!(error instanceof torch.TorchError)) return String((error as Error)?.stack ?? error);
  if (!error.message.includes(path.dirname(file))) return `names no file: ${error.message}`;
  return error.message.length > 1500 ? `of ${error.message.length} characters` : null;
}
