const fs = require("node:fs");
const path = require("node:path");
const { parseBytes } = require("../format");
const { follow } = require("../process");
const { progress } = require("../progress");

// One brief attempt a source: where an index cannot be reached, the user is told at once. Details,
// because only they name the wheels that pip passed over.
const manner =
  "--retries 0 --timeout 15 --disable-pip-version-check --no-input --progress-bar off -vv";

/**
 * Runs `pip download` into a folder, showing how far it is.
 * @param {string} python
 * @param {string[]} wanted requirements and options
 * @param {string} folder
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ code: number | null, output: string }>}
 */
async function pipDownload(python, wanted, folder, env) {
  // Next to the result, so that what an interrupted pip leaves is removed together with it.
  const unfinished = path.join(folder, "unfinished");
  fs.mkdirSync(unfinished, { recursive: true });
  const bar = downloadBar(unfinished);
  /** @type {string[]} */
  const output = [];
  const args = ["-m", "pip", "download", ...wanted, "--dest", folder, ...manner.split(" ")];
  const { code } = await follow(python, args, {
    env: { ...env, TMPDIR: unfinished },
    onLine: (line) => {
      output.push(line);
      const started = /^\s*Downloading (\S+) \(([\d.]+ \w?B)\)/.exec(line);
      if (started) bar.next(path.basename(decodeURIComponent(started[1])), parseBytes(started[2]));
    },
  });
  bar.end();
  fs.rmSync(unfinished, { recursive: true, force: true });
  return { code, output: output.join("\n") };
}

/**
 * Pip shows no progress of its own outside a terminal, so the files are watched while they grow.
 * @param {string} unfinished the folder of pip's temporary folders
 */
function downloadBar(unfinished) {
  /** @type {{ name: string, total: number, line: import("../progress").Progress } | null} */
  let current = null;
  const watch = setInterval(() => {
    if (current) current.line.update(sizeBelow(unfinished, current.name), current.total);
  }, 500);
  const finish = () => current?.line.end("downloaded");
  return {
    next(/** @type {string} */ name, /** @type {number} */ total) {
      finish();
      current = { name, total, line: progress(name) };
    },
    end() {
      clearInterval(watch);
      finish();
    },
  };
}

/**
 * @param {string} folder
 * @param {string} name
 */
function sizeBelow(folder, name) {
  const sizes = fs.readdirSync(folder).map((temporary) => {
    const file = path.join(folder, temporary, name);
    return fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  });
  return Math.max(0, ...sizes);
}

module.exports = { pipDownload };
