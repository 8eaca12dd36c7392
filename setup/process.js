const { spawn, spawnSync } = require("node:child_process");

/**
 * @typedef {{ code: number | null, stdout: string, stderr: string, missing: boolean, timedOut: boolean }} Outcome
 */

/**
 * Runs a command to its end and returns what it printed; never throws.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, input?: string, timeout?: number }} [options]
 * @returns {Outcome}
 */
function run(command, args, { cwd, env, input, timeout = 30_000 } = {}) {
  const result = spawnSync(command, args, {
    cwd,
    env,
    input: input ?? "",
    timeout,
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  const reason = /** @type {NodeJS.ErrnoException | undefined} */ (result.error)?.code;
  return {
    code: result.status,
    stdout: result.stdout ?? "",
    stderr: result.stderr ?? "",
    missing: reason === "ENOENT" || reason === "EACCES",
    timedOut: reason === "ETIMEDOUT",
  };
}

/**
 * Runs a long command, handing each line it prints to `onLine`; resolves to its exit code and the
 * last lines of its output (for an error message).
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, onLine?: (line: string) => void, inherit?: boolean }} [options]
 * @returns {Promise<{ code: number | null, tail: string, missing: boolean }>}
 */
function follow(command, args, { cwd, env, onLine = () => {}, inherit = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: inherit ? ["ignore", "inherit", "inherit"] : ["ignore", "pipe", "pipe"],
    });
    /** @type {string[]} */
    const tail = [];
    const take = (/** @type {string} */ line) => {
      tail.push(line);
      if (tail.length > 200) tail.shift();
      onLine(line);
    };
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue;
      let rest = "";
      stream.setEncoding("utf8");
      stream.on("data", (/** @type {string} */ text) => {
        const lines = (rest + text).split(/\r?\n|\r/);
        rest = /** @type {string} */ (lines.pop());
        lines.forEach(take);
      });
      stream.on("end", () => rest && take(rest));
    }
    child.on("error", (error) => {
      const missing = /** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT";
      resolve({ code: null, tail: error.message, missing });
    });
    child.on("close", (code) => resolve({ code, tail: tail.join("\n"), missing: false }));
  });
}

module.exports = { run, follow };
