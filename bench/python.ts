import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

const { cacheFolder } = require("../setup/paths") as { cacheFolder(): string };
const { follow } = require("../setup/process") as {
  follow(
    command: string,
    args: string[],
    options: { onLine?: (line: string) => void },
  ): Promise<{ code: number | null; tail: string }>;
};

/** The folder of what the bench keeps: Python's packages, compiled graphs. */
export function benchCache(): string {
  return path.join(cacheFolder(), "bench");
}

/**
 * A Python with the same torch as LibTorch's version, for the peers: ADAPTUNE_BENCH_PYTHON, or a
 * virtual environment in the cache, made with pip where there is none. Null, with the reason told,
 * where there can be none.
 */
export async function findPython(
  version: string,
  say: (line: string) => void,
): Promise<string | null> {
  const named = process.env.ADAPTUNE_BENCH_PYTHON;
  const folder = path.join(benchCache(), `python-${version}`);
  const python = named ?? path.join(folder, "bin", "python");
  if (!named && problemOf(python, version) !== null) {
    const problem = await makeEnvironment(folder, version, say);
    if (problem !== null) return none(problem, say);
  }
  const problem = problemOf(python, version);
  return problem === null ? python : none(problem, say);
}

function none(problem: string, say: (line: string) => void): null {
  say(`no peers: ${problem}`);
  say("ours runs alone, unchecked; ADAPTUNE_BENCH_PYTHON can name a Python with torch");
  return null;
}

/** Why a Python is of no use; null where it is. */
function problemOf(python: string, version: string): string | null {
  const program = "import safetensors.torch, torch; print(torch.__version__)";
  const { status, stdout, stderr, error } = spawnSync(python, ["-c", program], {
    encoding: "utf8",
  });
  if (error) return `${python} does not run: ${error.message}`;
  if (status !== 0) return `${python}: ${stderr.trim().split("\n").at(-1)}`;
  const found = stdout.trim().split("+")[0];
  return found === version ? null : `${python} has torch ${found}, LibTorch is ${version}`;
}

async function makeEnvironment(
  folder: string,
  version: string,
  say: (line: string) => void,
): Promise<string | null> {
  say(`making a Python environment with torch ${version} in ${folder}`);
  fs.mkdirSync(path.dirname(folder), { recursive: true });
  const python = path.join(folder, "bin", "python");
  const packages = [`torch==${version}`, "numpy", "safetensors"];
  const commands: [string, string[]][] = [
    ["python3", ["-m", "venv", "--clear", folder]],
    [python, ["-m", "pip", "install", "--progress-bar", "off", ...packages]],
  ];
  for (const [command, args] of commands) {
    const { code, tail } = await follow(command, args, { onLine: (line) => say(`  ${line}`) });
    const failed = `${command} ${args.join(" ")}`;
    if (code !== 0) return `"${failed}" failed: ${tail.trim().split("\n").at(-1)}`;
  }
  return null;
}
