// Runs the benchmark: npm run bench -- --help
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { styleFor } from "adaptune/report";
import * as torch from "adaptune/torch";
import { Command } from "commander";
import { type PeerKind, peerKinds } from "./contender";
import { limitsLine, measureLimits } from "./limits";
import { Bench } from "./measure";
import { processorName } from "./processor";
import { findPython } from "./python";
import { type BenchRow, benchTable, jsonLine } from "./rows";
import { casesOf, labelOf } from "./suites";

interface Flags {
  readonly suite: string;
  readonly json?: string;
  readonly only?: string;
  readonly repetitions?: string;
  readonly peers: string;
  readonly threads: string;
  readonly keepPacked?: boolean;
  readonly products?: string;
}

const program = new Command("bench")
  .description(
    "measures adaptune beside PyTorch: the same weights, decisions, threads and LibTorch",
  )
  .option("--suite <name>", "cpu, cuda or quick", "quick")
  .option("--json <file>", "a JSON line for every row")
  .option("--only <text>", 'only cases whose name has this text, such as "VL-BERT SpotTune_Block"')
  .option("--repetitions <n>", "counted rounds; 10 by default, 3 in the quick suite")
  .option(
    "--peers <names>",
    "of eager, compile, freezing, routed and eager-float32",
    peerKinds.join(","),
  )
  .option("--keep-packed", "ours keeps weights packed in evaluation, as the peer freezing does")
  .option("--products <way>", "ours multiplies by library, oneDNN or packed alone")
  .option("--threads <n>", "of all sides", String(torch.getNumThreads()))
  .action(main);

async function main(flags: Flags): Promise<void> {
  const { suite, only = "" } = flags;
  const device = suite === "cuda" ? "cuda" : "cpu";
  const cases = casesOf(suite).filter((measured) => labelOf(measured).includes(only));
  if (cases.length === 0)
    throw new Error(`no case of the suite ${suite} has "${only}" in its name`);
  if (device === "cuda" && !torch.cuda.isAvailable()) {
    console.log("skipped: LibTorch sees no CUDA device here");
    return;
  }
  const threads = positive("threads", flags.threads);
  const { keepPacked = false, products = null } = flags;
  const repetitions = positive(
    "repetitions",
    flags.repetitions ?? (suite === "quick" ? "3" : "10"),
  );
  const say = (line: string) => process.stderr.write(`${line}\n`);
  torch.setNumThreads(threads);
  const limits = measureLimits(device);
  console.log(`LibTorch ${torch.version}, ${threads} threads, ${processorName()}, load ${load()}`);
  console.log(limitsLine(limits));
  const python = await findPython(torch.version.split("+")[0], say);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "adaptune-bench-"));
  try {
    const setting = {
      device,
      threads,
      repetitions,
      python,
      limits,
      folder,
      say,
      keepPacked,
      products,
    };
    const bench = new Bench({ ...setting, peers: peersNamed(flags.peers) });
    const rows: BenchRow[] = [];
    for (const [number, measured] of cases.entries()) {
      say(`${number + 1} of ${cases.length}: ${labelOf(measured)}`);
      const made = await bench.measure(measured);
      rows.push(...made);
      if (flags.json)
        fs.appendFileSync(flags.json, made.map((row) => `${jsonLine(row)}\n`).join(""));
    }
    console.log(benchTable(rows, styleFor(process.stdout)));
    if (rows.some(({ peak_mb_ours }) => peak_mb_ours === null)) {
      console.log(
        "memory of ours is not available here: it takes /proc of Linux, or nvcc's build for CUDA",
      );
    }
    const failed = rows.filter((row) => row.failed).length;
    if (failed > 0) console.log(`${failed} of ${rows.length} rows FAILED their gradient check`);
    console.log(`load at the end ${load()}`);
    process.exitCode = failed > 0 ? 1 : 0;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function peersNamed(names: string): PeerKind[] {
  return names.split(",").map((name) => {
    const kind = peerKinds.find((known) => known === name.trim());
    if (!kind) throw new Error(`there is no peer "${name}": they are ${peerKinds.join(", ")}`);
    return kind;
  });
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`--${name} is a whole number above 0, not "${text}"`);
}

/** Runnable processes of the last minute: above the number of cores the machine is busy. */
function load(): string {
  return `${os.loadavg()[0].toFixed(1)} on ${os.cpus().length} cores`;
}

program.parseAsync().catch((error: Error) => {
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = 1;
});
