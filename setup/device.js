const fs = require("node:fs");
const { SetupFailure } = require("./failure");
const { run } = require("./process");

/** @typedef {{ driver: string | null, devices: { index: number, name: string, memoryBytes: number, computeCapability: string }[] }} Nvidia */
/** @typedef {{ flavour: "cpu" | "cuda", required: boolean, reason: string }} Wanted */

/**
 * Which flavour of LibTorch fits this machine; `required` when the user said so.
 * @param {NodeJS.ProcessEnv} [env]
 * @param {() => boolean} [hasDriver]
 * @returns {Wanted}
 */
function wantedFlavour(env = process.env, hasDriver = hasNvidiaDriver) {
  const asked = env.ADAPTUNE_DEVICE;
  if (asked === "cpu" || asked === "cuda") {
    return { flavour: asked, required: true, reason: `ADAPTUNE_DEVICE=${asked}` };
  }
  if (asked) {
    throw new SetupFailure(
      `ADAPTUNE_DEVICE is "${asked}".`,
      'Set it to "cpu" or "cuda", or unset it.',
    );
  }
  // There is no CUDA for macOS, and the wheels for other systems differ.
  if (process.platform === "linux" && hasDriver()) {
    return { flavour: "cuda", required: false, reason: "an NVIDIA driver is present" };
  }
  return { flavour: "cpu", required: false, reason: "no NVIDIA driver is present" };
}

function hasNvidiaDriver() {
  const files = [
    "/proc/driver/nvidia/version",
    "/usr/lib/x86_64-linux-gnu/libcuda.so.1",
    "/usr/lib/aarch64-linux-gnu/libcuda.so.1",
    "/usr/lib64/libcuda.so.1",
    "/usr/lib/wsl/lib/libcuda.so.1",
  ];
  if (files.some((file) => fs.existsSync(file))) return true;
  return run("nvidia-smi", ["-L"], { timeout: 10_000 }).code === 0;
}

/**
 * What the NVIDIA driver says of itself and its devices.
 * @returns {Nvidia}
 */
function describeNvidia() {
  const query = "--query-gpu=index,name,memory.total,compute_cap,driver_version";
  const asked = run("nvidia-smi", [query, "--format=csv,noheader,nounits"], { timeout: 20_000 });
  if (asked.code !== 0) return { driver: driverFromKernel(), devices: [] };
  const rows = asked.stdout
    .trim()
    .split("\n")
    .map((line) => line.split(",").map((cell) => cell.trim()));
  return {
    driver: rows[0]?.[4] ?? null,
    devices: rows.map(([index, name, mebibytes, computeCapability]) => ({
      index: Number(index),
      name,
      memoryBytes: Number(mebibytes) * 2 ** 20,
      computeCapability,
    })),
  };
}

function driverFromKernel() {
  try {
    const text = fs.readFileSync("/proc/driver/nvidia/version", "utf8");
    return /Kernel Module\D*([\d.]+)/.exec(text)?.[1] ?? null;
  } catch {
    return null;
  }
}

module.exports = { wantedFlavour, hasNvidiaDriver, describeNvidia };
