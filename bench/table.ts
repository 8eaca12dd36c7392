// Writes the tables of README.md and docs/performance.md from what `npm run bench -- --json` measured: one for
// each processor and number of threads, which are named above it.
import fs from "node:fs";
import path from "node:path";
import type { PeerKind } from "./contender";
import { type BenchRow, strategyOf } from "./rows";
import { strategiesUnderTest, workloads } from "./suites";

const peers: readonly PeerKind[] = ["eager", "compile", "routed"];
const phases = ["train", "eval"] as const;

/** One row of every kind that the file has, the last that was measured. */
function readRows(file: string): BenchRow[] {
  const lines = fs.readFileSync(file, "utf8").split("\n").filter(Boolean);
  const rows = lines.map((line) => JSON.parse(line) as BenchRow);
  const kinds = rows.map((row) =>
    [machineOf(row), row.workload, strategyOf(row), row.dtype, row.f, row.phase, row.peer].join(),
  );
  return rows.filter((_, n) => kinds.lastIndexOf(kinds[n]) === n);
}

/** What all figures of a table hold for. */
function machineOf({ processor, threads, products }: BenchRow): string {
  const way = products === "chosen" ? "" : `, products by ${products}`;
  return `${processor}, ${threads} ${threads === 1 ? "thread" : "threads"}${way}`;
}

/** A table for each machine, under its name. */
function byMachine(
  rows: readonly BenchRow[],
  tableOf: (rows: readonly BenchRow[]) => string,
): string {
  const machines = [...new Set(rows.map(machineOf))];
  const tables = machines.map((machine) => {
    return `${machine}:\n\n${tableOf(rows.filter((row) => machineOf(row) === machine))}`;
  });
  return tables.join("\n\n");
}

/** How many times as fast as a peer, or nothing where that was not measured. */
function times(row: BenchRow | undefined): string {
  return row?.ratio ? `${row.ratio.toFixed(1)}x` : "";
}

function markdown(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`.replace(/ {2,}/g, " ");
  return [line(head), `|${"---|".repeat(head.length)}`, ...body.map(line)].join("\n");
}

/** float32 at f = 0.5: strategies, and how many times as fast as each peer they are. */
function summary(rows: readonly BenchRow[]): string {
  const body = workloads.flatMap(({ name }) =>
    strategiesUnderTest.flatMap((strategy) => {
      const of = rows.filter(
        (row) =>
          row.workload === name &&
          strategyOf(row) === strategy &&
          row.dtype === "float32" &&
          (row.f ?? 0.5) === 0.5,
      );
      const cells = phases.flatMap((phase) =>
        peers.map((peer) => times(of.find((row) => row.phase === phase && row.peer === peer))),
      );
      return cells.some(Boolean) ? [[name, strategy, ...cells]] : [];
    }),
  );
  const head = phases.flatMap((phase) => [
    `${phase === "train" ? "training" : "evaluation"}: eager`,
    "compiled",
    "routed",
  ]);
  return markdown(["", "", ...head], body);
}

/** Everything that was measured. */
function all(rows: readonly BenchRow[]): string {
  const body = rows.map((row) => [
    row.workload,
    strategyOf(row),
    row.phase,
    row.dtype,
    row.f === null ? "" : row.f.toFixed(2),
    row.peer ?? "",
    number(row.ours_ms),
    number(row.peer_ms),
    number(row.ratio, 2),
    megabytes(row.peak_mb_ours, row.peak_mb_peer),
    megabytes(row.activations_mb_ours, row.activations_mb_peer),
    row.gradient_error?.toExponential(1) ?? "",
  ]);
  return markdown(
    [
      "workload",
      "strategy",
      "phase",
      "dtype",
      "f",
      "peer",
      "ours, ms",
      "peer, ms",
      "ratio",
      "MB",
      "MB kept",
      "error",
    ],
    body,
  );
}

/** Rounded; nothing where it is not known. */
function number(value: number | null | undefined, digits = 0): string {
  return value?.toFixed(digits) ?? "";
}

/** Of ours and of the peer. */
function megabytes(ours: number | null | undefined, peer: number | null | undefined): string {
  return ours || peer ? `${number(ours)} / ${number(peer)}` : "";
}

/** Puts a table where a page has the marks of one. */
function replaceTable(page: string, table: string): void {
  const file = path.join(__dirname, "..", page);
  const text = fs.readFileSync(file, "utf8");
  const marks = /(<!-- measured -->\n).*?(<!-- end -->)/s;
  if (!marks.test(text))
    throw new Error(`${page} has no place for a table: no "<!-- measured -->"`);
  fs.writeFileSync(
    file,
    text.replace(marks, (_, begin, end) => `${begin}\n${table}\n\n${end}`),
  );
}

const [file] = process.argv.slice(2);
if (!file) throw new Error("which file? npm run bench:table -- results.jsonl");
const rows = readRows(file);
replaceTable("README.md", byMachine(rows, summary));
replaceTable("docs/performance.md", byMachine(rows, all));
