// Small operations here and in PyTorch for Python, in turns on one core. From the repository's root:
//   node -r ts-node/register/transpile-only bench/overhead/compare.ts [python]
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const python = process.argv[2] ?? "python3";
const turns = 3;

function measure(command: string, args: string[]): Record<string, number> {
  const env = { ...process.env, OMP_NUM_THREADS: "1" };
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", env });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed:\n${stderr}`);
  return JSON.parse(stdout);
}

const ours: Record<string, number> = {};
const theirs: Record<string, number> = {};
for (let turn = 0; turn < turns; turn++) {
  const typescript = ["-r", "ts-node/register/transpile-only", join(__dirname, "operations.ts")];
  keepBest(ours, measure(process.execPath, typescript));
  keepBest(theirs, measure(python, [join(__dirname, "operations.py")]));
}
console.log("operation".padEnd(18), "TypeScript (us)".padStart(16), "Python (us)".padStart(13));
for (const [name, time] of Object.entries(ours)) {
  console.log(name.padEnd(18), time.toFixed(2).padStart(16), theirs[name].toFixed(2).padStart(13));
}

function keepBest(best: Record<string, number>, found: Record<string, number>) {
  for (const [name, time] of Object.entries(found)) {
    best[name] = Math.min(best[name] ?? Infinity, time);
  }
}
