import { spawnSync } from "node:child_process";
import { join } from "node:path";

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script of this folder in a Node.js of its own, until it ends. */
export function runScript(name: string, args: string[] = [], flags: string[] = []): Ended {
  const typescript = ["-r", "ts-node/register/transpile-only"];
  const script = join(__dirname, name);
  return spawnSync(process.execPath, [...flags, ...typescript, script, ...args], {
    encoding: "utf8",
    timeout: 120_000,
    cwd: join(__dirname, "../.."),
  });
}
