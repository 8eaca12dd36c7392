import { execFile } from "node:child_process";
import { join } from "node:path";
import { format, promisify } from "node:util";
import { main } from "../../src/cli/main";

const root = join(__dirname, "..", "..");
const run = promisify(execFile);

/** Runs the command line on the sources; gives what it printed and its exit code. */
export async function adaptune(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const script = `require("./src/cli/main").main(["node", "adaptune", ...${JSON.stringify(args)}])`;
  const options = ["-r", "ts-node/register/transpile-only", "-e", script];
  try {
    const where = { cwd: root, env: { ...process.env, ...env } };
    return { code: 0, ...(await run(process.execPath, options, where)) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

/** The same in this process, which is faster; one at a time. */
export async function within(args: readonly string[]) {
  const printed = { stdout: "", stderr: "" };
  const writes = (["stdout", "stderr"] as const).map((name) => {
    const stream = process[name];
    const write = stream.write;
    stream.write = (text: string | Uint8Array) => {
      printed[name] += text;
      return true;
    };
    return () => Object.assign(stream, { write });
  });
  const log = console.log;
  console.log = (...values: unknown[]) => process.stdout.write(`${format(...values)}\n`);
  try {
    await main(["node", "adaptune", ...args]);
    return { code: process.exitCode ?? 0, ...printed };
  } finally {
    for (const restore of writes) restore();
    console.log = log;
    process.exitCode = 0;
  }
}
