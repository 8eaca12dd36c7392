const fs = require("node:fs");
const os = require("node:os");
const { run } = require("./process");

/**
 * @typedef {{ model: string, cores: number, threads: number, capabilities: string[],
 *   memoryBytes: number }} Cpu
 */

/**
 * The processor, what of it LibTorch's kernels use, and the memory that this process may have.
 * @returns {Cpu}
 */
function describeCpu() {
  const { model, physical, flags } = process.platform === "darwin" ? fromSysctl() : fromProc();
  const threads = os.availableParallelism();
  return {
    model: model || os.cpus()[0]?.model || process.arch,
    cores: physical || threads,
    threads,
    capabilities: capabilities(flags),
    memoryBytes: availableMemory(),
  };
}

/** What matters for matrix products, by the flags of Linux and macOS that say so. */
const known = [
  { name: "AVX2", flags: ["avx2"] },
  { name: "FMA", flags: ["fma"] },
  { name: "AVX-512", flags: ["avx512f"] },
  { name: "AVX-512 VNNI", flags: ["avx512_vnni"] },
  { name: "AVX-512 BF16", flags: ["avx512_bf16"] },
  { name: "AMX BF16", flags: ["amx_bf16"] },
  { name: "AMX INT8", flags: ["amx_int8"] },
  { name: "NEON", flags: ["asimd", "advsimd"] },
  { name: "SVE", flags: ["sve"] },
  { name: "ARM BF16", flags: ["bf16", "feat_bf16"] },
];

/** @param {Set<string>} flags */
function capabilities(flags) {
  return known.filter((one) => one.flags.some((flag) => flags.has(flag))).map(({ name }) => name);
}

function fromProc() {
  const text = readIfThere("/proc/cpuinfo");
  const field = (/** @type {string} */ name) =>
    new RegExp(`^${name}\\s*:\\s*(.*)$`, "m").exec(text)?.[1].trim() ?? "";
  const cores = new Set();
  for (const block of text.split("\n\n")) {
    const core = /^core id\s*:\s*(\d+)/m.exec(block)?.[1];
    const socket = /^physical id\s*:\s*(\d+)/m.exec(block)?.[1];
    if (core !== undefined) cores.add(`${socket} ${core}`);
  }
  const flags = new Set((field("flags") || field("Features")).toLowerCase().split(/\s+/));
  return { model: field("model name"), physical: cores.size, flags };
}

function fromSysctl() {
  const text = run("sysctl", ["-a"]).stdout;
  const field = (/** @type {string} */ name) =>
    new RegExp(`^${name}: (.*)$`, "m").exec(text)?.[1] ?? "";
  const features = `${field("machdep.cpu.features")} ${field("machdep.cpu.leaf7_features")}`;
  const arm = [...text.matchAll(/^hw\.optional(?:\.arm)?\.(\w+): 1$/gm)].map((match) => match[1]);
  const flags = new Set([...features.split(/\s+/), ...arm].map((flag) => flag.toLowerCase()));
  const model = field("machdep.cpu.brand_string");
  return { model, physical: Number(field("hw.physicalcpu")), flags };
}

/** The memory in bytes that this process may use: a container may allow less than the machine has. */
function availableMemory() {
  for (const file of ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]) {
    const limit = Number(readIfThere(file).trim() || Number.NaN);
    if (limit > 0) return Math.min(limit, os.totalmem());
  }
  return os.totalmem();
}

/** @param {string} file */
function readIfThere(file) {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

module.exports = { describeCpu, capabilities, availableMemory };
