const os = require("node:os");
const { run } = require("../process");
const { inspectLibTorch } = require("./inspect");

// find_spec locates a package without running it: importing torch would take seconds.
const locate = `
import importlib.util, sys
sys.path = [entry for entry in sys.path if entry]
spec = importlib.util.find_spec("torch")
print(list(spec.submodule_search_locations)[0] if spec and spec.submodule_search_locations else "")
`;

/**
 * @typedef {{ path: string | null, problem: string }} Found
 */

/**
 * The LibTorch inside the first Python on the PATH that can import torch.
 * @param {NodeJS.ProcessEnv} [env]
 */
function findPythonTorch(env = process.env) {
  const problems = [];
  for (const command of ["python3", "python"]) {
    const asked = run(command, ["-c", locate], { env, cwd: os.tmpdir(), timeout: 20_000 });
    const folder = asked.stdout.trim();
    if (asked.missing) problems.push(`no ${command}`);
    else if (asked.code !== 0) problems.push(`${command} does not run`);
    else if (!folder) problems.push(`${command} has no torch`);
    else {
      const { libtorch, problem } = inspectLibTorch(folder);
      if (libtorch) return { libtorch, python: command, problem: null };
      problems.push(problem);
    }
  }
  return { libtorch: null, python: null, problem: problems.join(", ") };
}

/** The first Python on the PATH that has pip, or null. */
function findPip(env = process.env) {
  for (const command of ["python3", "python"]) {
    if (run(command, ["-m", "pip", "--version"], { env, timeout: 30_000 }).code === 0)
      return command;
  }
  return null;
}

module.exports = { findPythonTorch, findPip };
