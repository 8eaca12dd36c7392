const { describeNvidia } = require("./device");
const { SetupFailure } = require("./failure");
const { findLibTorch } = require("./libtorch/find");
const { findNvcc } = require("./nvcc");

/**
 * `fetched`: building with ADAPTUNE_DEVICE=cuda puts it right without being asked.
 * @typedef {{ problem: string, remedy: string, fetched?: boolean }} Missing
 * @typedef {{ nvidia: import("./device").Nvidia, nvcc: import("./toolchain").Tool, missing: Missing[] }} CudaNeeds
 */

/**
 * What this machine has for building and running with CUDA, and all that it lacks at once.
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {CudaNeeds}
 */
function examineCuda(env = process.env) {
  const nvidia = describeNvidia();
  const nvcc = findNvcc(env);
  const missing = [missingGpu(nvidia), missingNvcc(nvcc), missingLibTorch(env)];
  return { nvidia, nvcc, missing: missing.filter((one) => one !== null) };
}

/** @param {import("./device").Nvidia} nvidia @returns {Missing | null} */
function missingGpu({ driver, devices }) {
  if (devices.length > 0) return null;
  if (!driver) {
    return {
      problem: "There is no NVIDIA driver: nvidia-smi finds no GPU.",
      remedy: "Use a machine with an NVIDIA GPU, and install its driver, 580 or newer.",
    };
  }
  return {
    problem: `The NVIDIA driver ${driver} reports no GPU.`,
    remedy: "Run nvidia-smi, which tells why; a container needs the GPU passed through.",
  };
}

/** @param {import("./toolchain").Tool} nvcc @returns {Missing | null} */
function missingNvcc({ problem }) {
  if (!problem) return null;
  return { problem, remedy: "Install NVIDIA's CUDA toolkit 13, or point CUDACXX at its nvcc." };
}

/** @param {NodeJS.ProcessEnv} env @returns {Missing | null} */
function missingLibTorch(env) {
  try {
    const { choice } = findLibTorch(env);
    if (choice === null) {
      const remedy = "Run: ADAPTUNE_DEVICE=cuda npx adaptune build, which fetches one.";
      return { problem: "There is no LibTorch yet.", remedy, fetched: true };
    }
    if (choice.flavour === "cuda") return null;
    const problem = `LibTorch at ${choice.path} is built without CUDA (${choice.reason}).`;
    if (choice.source === "LIBTORCH") {
      return {
        problem,
        remedy: "Point LIBTORCH at one with CUDA, or unset it to have one fetched.",
      };
    }
    const remedy = "Run: ADAPTUNE_DEVICE=cuda npx adaptune build, which fetches one with CUDA.";
    return { problem, remedy, fetched: true };
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error;
    return { problem: error.message, remedy: error.remedy ?? "" };
  }
}

/** A line for each thing that is missing, and one below it with the remedy. @param {Missing[]} missing */
function listMissing(missing) {
  return missing
    .map(({ problem, remedy }) => `  ${problem}\n    ${remedy.replaceAll("\n", "\n    ")}`)
    .join("\n");
}

module.exports = { examineCuda, listMissing };
