const fs = require("node:fs");
const path = require("node:path");
const { loadAddon } = require("./addon");
const { describeCpu } = require("./cpu");
const { describeNvidia } = require("./device");
const { SetupFailure } = require("./failure");
const { findLibTorch } = require("./libtorch/find");
const { nodeHint, nodeProblem } = require("./node");
const { findNvcc } = require("./nvcc");
const { findAddon, root } = require("./paths");
const { run } = require("./process");
const { findToolchain, installHint } = require("./toolchain");

/**
 * `needed`: adaptune does not work until it is put right.
 * @typedef {{ needed: boolean, problem: string, remedy: string }} Problem
 * @typedef {{
 *   ok: boolean,
 *   versions: { adaptune: string, node: string, npm: string | null, compiler: string | null,
 *     cmake: string | null, libtorch: string | null },
 *   libtorch: import("./libtorch/find").Choice | null,
 *   addon: import("./addon").AddonState & { path: string | null },
 *   cpu: import("./cpu").Cpu,
 *   cuda: import("./device").Nvidia & { used: boolean, reason: string | null },
 *   problems: Problem[],
 * }} Report
 */

/**
 * Everything `adaptune doctor` tells of this machine; changes and fetches nothing.
 * @returns {Report}
 */
function examine() {
  const { compiler, cmake, problems: missing } = findToolchain();
  const { libtorch, problem: libtorchProblem } = locateLibTorch();
  const addon = examineAddon();
  const nvidia = describeNvidia();
  const reason = whyNoCuda(nvidia, libtorch, addon);
  const problems = [
    ...nodeProblems(),
    ...addonProblems(addon, missing.join(" ") || null, libtorchProblem),
    ...cudaProblems(nvidia, reason, addon),
  ];
  return {
    ok: !problems.some(({ needed }) => needed),
    versions: {
      adaptune: JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8")).version,
      node: process.versions.node,
      npm: run("npm", ["--version"]).stdout.trim() || null,
      compiler: compiler.version,
      cmake: cmake.version,
      libtorch: addon.torch ?? libtorch?.version ?? null,
    },
    libtorch,
    addon,
    cpu: describeCpu(),
    cuda: { ...nvidia, used: reason === null, reason },
    problems,
  };
}

function locateLibTorch() {
  try {
    const { choice, notes } = findLibTorch();
    return { libtorch: choice, problem: choice ? null : notes.join("; ") };
  } catch (error) {
    if (error instanceof SetupFailure) return { libtorch: null, problem: error.message };
    throw error;
  }
}

/** @returns {Report["addon"]} */
function examineAddon() {
  const addon = findAddon();
  if (addon) return { path: addon, ...loadAddon(addon) };
  return { path: null, loads: false, problem: null, torch: null, threads: null, cuda: null };
}

/**
 * Why CUDA is not used, or null when it is.
 * @param {import("./device").Nvidia} nvidia
 * @param {import("./libtorch/inspect").LibTorch | null} libtorch
 * @param {Report["addon"]} addon
 */
function whyNoCuda(nvidia, libtorch, addon) {
  if (addon.cuda?.available) return null;
  if (!nvidia.driver) return "there is no NVIDIA driver";
  if (nvidia.devices.length === 0) return "the NVIDIA driver reports no device (see nvidia-smi)";
  if (process.env.ADAPTUNE_DEVICE === "cpu") return "ADAPTUNE_DEVICE=cpu";
  if (!addon.loads) return "the addon does not load";
  if (libtorch?.flavour === "cpu") return `LibTorch at ${libtorch.path} is built without CUDA`;
  if (addon.cuda === null) return "it could not be asked";
  return `LibTorch cannot use driver ${nvidia.driver}: CUDA 13 needs 580 or newer`;
}

/** @returns {Problem[]} */
function nodeProblems() {
  const problem = nodeProblem(process.versions.node);
  return problem ? [{ needed: true, problem, remedy: nodeHint }] : [];
}

/**
 * What stands in the way of an addon that loads; without one, also what its build would miss.
 * @param {Report["addon"]} addon
 * @param {string | null} toolchain
 * @param {string | null} libtorch
 * @returns {Problem[]}
 */
function addonProblems(addon, toolchain, libtorch) {
  if (addon.loads) {
    if (!toolchain) return [];
    const problem = `${toolchain} The addon works, but cannot be built anew.`;
    return [{ needed: false, problem, remedy: installHint() }];
  }
  const problem = addon.path
    ? `The addon ${addon.path} does not load: ${addon.problem}`
    : "The addon is not built.";
  const remedy = `Run: npx adaptune build${addon.path ? " --force" : ""}`;
  /** @type {Problem[]} */
  const problems = [{ needed: true, problem, remedy }];
  if (toolchain) problems.push({ needed: true, problem: toolchain, remedy: installHint() });
  if (libtorch) {
    const found = `No LibTorch is here yet (${libtorch}).`;
    problems.push({ needed: false, problem: found, remedy: "npx adaptune build fetches one." });
  }
  return problems;
}

/**
 * @param {import("./device").Nvidia} nvidia
 * @param {string | null} reason
 * @param {Report["addon"]} addon
 * @returns {Problem[]}
 */
function cudaProblems(nvidia, reason, addon) {
  if (reason === null && addon.cuda?.kernels === false) {
    const { problem } = findNvcc();
    const why = problem ?? "it was built before nvcc was there.";
    return [
      {
        needed: false,
        problem: `The addon has no kernels and bindings of its own for CUDA: ${why}`,
        remedy: `Install NVIDIA's CUDA toolkit 13, then run: npx adaptune build${problem ? "" : " --force"}`,
      },
    ];
  }
  if (reason === null || nvidia.devices.length === 0) return [];
  const remedy = "Run: ADAPTUNE_DEVICE=cuda npx adaptune build";
  return [{ needed: false, problem: `There is a GPU, but CUDA is not used: ${reason}.`, remedy }];
}

module.exports = { examine };
