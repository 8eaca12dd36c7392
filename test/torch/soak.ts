// npm run soak [-- --operations 1000000] [--minutes 10] [--only NAME]: what long loops do to resident memory.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { problemsOf, type SoakReport } from "./soak-run";
import { scenarios } from "./soak-scenarios";

const { values: flags } = parseArgs({
  options: {
    operations: { type: "string", default: "1000000" }, // of each scenario
    minutes: { type: "string", default: "0" }, // of each scenario, if that is longer
    only: { type: "string", default: "" }, // or "mixed": all but workers in turn, in one process
  },
});

const names = [...Object.keys(scenarios), "mixed"].filter(
  (name) => flags.only === "" || name === flags.only,
);
if (names.length === 0) throw new Error(`there is no scenario "${flags.only}"`);

const heads = ["operations", "s", "MB at start", "1/4", "1/2", "3/4", "end", "peak"];
const line = (name: string, cells: readonly string[]) =>
  console.log(name.padEnd(12), ...cells.map((cell, n) => cell.padStart(heads[n].length + 5)));
line("scenario", heads);
for (const name of names) {
  const report = run(name);
  const { operations, seconds, resident, peaks } = report;
  const counts = [operations, seconds].map((value) => Math.round(value).toLocaleString("en"));
  line(name, [...counts, ...[...resident, Math.max(...peaks)].map((value) => value.toFixed(1))]);
  for (const problem of problemsOf(report)) {
    console.log(`  ${problem}`);
    process.exitCode = 1;
  }
}

function run(name: string): SoakReport {
  const script = join(__dirname, "soak-run.ts");
  const typescript = ["-r", "ts-node/register/transpile-only"];
  const { status, signal, stdout } = spawnSync(
    process.execPath,
    [...typescript, script, name, flags.operations, flags.minutes],
    {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
      env: { OMP_NUM_THREADS: "1", ...process.env }, // tensors are too small for more
    },
  );
  if (status !== 0) throw new Error(`${name}: ended by ${signal ?? `status ${status}`}`);
  return JSON.parse(stdout);
}
