import { spawnSync } from "node:child_process";
import path from "node:path";
import type { FuzzReport } from "./fuzz-run";

export interface FuzzOptions {
  readonly target: string;
  readonly seed: number;
  readonly count: number;
  /** Of one process; what takes longer counts as hanging. */
  readonly timeout: number; // milliseconds
}

/** Fuzzes a reader in a process of its own; throws Error that tells how to do again what ended it. */
export function fuzzInChild({ target, seed, count, timeout }: FuzzOptions): FuzzReport {
  const args = [target, String(seed), "0", String(count)];
  const script = path.join(__dirname, "fuzz-run.ts");
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ["--max-old-space-size=1024", "-r", "ts-node/register/transpile-only", script, ...args],
    {
      encoding: "utf8",
      timeout,
      killSignal: "SIGKILL",
      cwd: path.join(__dirname, "../.."),
      maxBuffer: 2 ** 28,
    },
  );
  if (status === 0) return JSON.parse(stdout) as FuzzReport;
  const lines = stderr.trimEnd().split("\n");
  const last = lines.filter((line) => /^\d+$/.test(line)).at(-1) ?? "none";
  const said = lines
    .filter((line) => !/^\d+$/.test(line))
    .slice(-20)
    .join("\n");
  throw new Error(
    `${target}: ended by ${signal ?? `status ${status}`} at file ${last} of seed ${seed}. Again: node -r ` +
      `ts-node/register/transpile-only test/torch/fuzz-run.ts ${target} ${seed} ${last} 1\n${said}`,
  );
}
