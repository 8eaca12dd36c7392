const fs = require("node:fs");
const path = require("node:path");
const { root } = require("./paths");
const { run } = require("./process");

/**
 * @typedef {{ loads: boolean, problem: string | null, torch: string | null, threads: number | null,
 *   cuda: { available: boolean, devices: number, kernels: boolean } | null }} AddonState
 */

/**
 * Whether an addon loads, tried in a process of its own, where a crash ends nothing else; and what
 * LibTorch says of itself when the compiled sources are there to ask it.
 * @param {string} addon
 * @param {string} [folder] of the package whose compiled sources are asked
 * @returns {AddonState}
 */
function loadAddon(addon, folder = root) {
  const main = path.join(folder, "dist", "torch", "index.js");
  const args = ["-e", program, addon, fs.existsSync(main) ? main : ""];
  const result = run(process.execPath, args, { timeout: 120_000 });
  const answer = /^adaptune:(\{.*\})$/m.exec(result.stdout)?.[1];
  if (answer) return JSON.parse(answer);
  const reason = result.timedOut ? "loading it takes more than 120 s" : lastLine(result.stderr);
  return { loads: false, problem: reason, torch: null, threads: null, cuda: null };
}

const program = `
const [addon, main] = process.argv.slice(1);
const state = { loads: false, problem: null, torch: null, threads: null, cuda: null };
try {
  require(addon);
  state.loads = true;
  if (main) {
    const torch = require(main);
    state.torch = torch.version ?? null;
    state.threads = torch.getNumThreads();
    const { cuda } = torch;
    state.cuda = {
      available: cuda.isAvailable(),
      devices: cuda.deviceCount(),
      kernels: cuda.isBuilt(),
    };
  }
} catch (error) {
  state.problem = String(error.message ?? error).split("\\n")[0];
}
console.log("adaptune:" + JSON.stringify(state));
`;

/** @param {string} text */
function lastLine(text) {
  return text.trim().split("\n").at(-1) || "it ends the process without a message";
}

module.exports = { loadAddon };
