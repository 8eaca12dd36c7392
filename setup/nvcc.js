const path = require("node:path");
const { run } = require("./process");
const { parseVersion } = require("./version");

/** The major version of CUDA that supported LibTorch archives are built with. */
const cudaMajor = 13;

/**
 * NVIDIA's compiler for CUDA, which the addon's own kernels need; `problem` says why it cannot be used.
 * Looked for where CMake does, and where NVIDIA's installer puts it.
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {import("./toolchain").Tool}
 */
function findNvcc(env = process.env) {
  const folders = [env.CUDA_HOME, env.CUDA_PATH, "/usr/local/cuda"].filter((one) => one);
  const candidates = env.CUDACXX
    ? [env.CUDACXX]
    : [
        "nvcc",
        ...folders.map((folder) => path.join(/** @type {string} */ (folder), "bin", "nvcc")),
      ];
  for (const command of candidates) {
    const asked = run(command, ["--version"], { env });
    if (asked.code !== 0) continue;
    const version =
      parseVersion(/release ([\d.]+)/.exec(asked.stdout)?.[1] ?? "")?.join(".") ?? null;
    const major = Number(version?.split(".")[0]);
    if (major === cudaMajor) return { command, version, problem: null };
    const problem = `nvcc ${version ?? "of unknown version"} is not of CUDA ${cudaMajor}, as LibTorch is.`;
    return { command, version, problem };
  }
  return { command: null, version: null, problem: "nvcc is not installed." };
}

module.exports = { findNvcc };
