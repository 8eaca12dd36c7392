const { examine } = require("./examine");
const { formatBytes } = require("./format");
const { printable } = require("./printable");

/** @typedef {import("./examine").Report} Report */

/**
 * Prints what adaptune finds on this machine, what is wrong and how it is put right. The exit code
 * becomes 1 when something that is needed is broken.
 * @param {{ json?: boolean }} [options]
 */
async function doctor({ json = false } = {}) {
  const report = examine();
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : printable(render(report)));
  if (!report.ok) process.exitCode = 1;
}

/** @param {Report} report */
function render(report) {
  const { versions, libtorch, addon, cpu, cuda } = report;
  const none = "not found";
  const rows = [
    ["adaptune", versions.adaptune],
    ["Node.js", versions.node],
    ["npm", versions.npm ?? none],
    ["C++ compiler", versions.compiler ?? none],
    ["CMake", versions.cmake ?? none],
    ["LibTorch", libtorch ? `${libtorch.version}, ${libtorch.flavour.toUpperCase()}` : none],
    ["", libtorch ? `${libtorch.path} (${libtorch.reason})` : ""],
    ["addon", addon.path ? `${addon.path}, ${addon.loads ? "loads" : "does not load"}` : none],
    ["processor", `${cpu.model}, ${count(cpu.cores, "core")}, ${count(cpu.threads, "thread")}`],
    ["", cpu.capabilities.join(", ")],
    ["threads", addon.threads === null ? "" : `${addon.threads} used by LibTorch`],
    ["memory", formatBytes(cpu.memoryBytes)],
    ["NVIDIA driver", cuda.driver ?? "none"],
    ...cuda.devices.map((device) => [
      `GPU ${device.index}`,
      `${device.name}, ${formatBytes(device.memoryBytes)}, compute ${device.computeCapability}`,
    ]),
    ["CUDA", cuda.used ? "used" : `not used: ${cuda.reason}`],
  ];
  const table = rows
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${name.padEnd(14)} ${value}`)
    .join("\n");
  return `${table}\n\n${verdict(report)}\n`;
}

/** @param {Report} report */
function verdict(report) {
  if (report.problems.length === 0) return "Everything is in order.";
  return report.problems
    .map(({ needed, problem, remedy }) => {
      const mark = needed ? "PROBLEM" : "note   ";
      return `${mark}  ${problem}\n${remedy.replace(/^/gm, "         ")}`;
    })
    .join("\n");
}

/**
 * @param {number} n
 * @param {string} word
 */
function count(n, word) {
  return `${n} ${word}${n === 1 ? "" : "s"}`;
}

module.exports = { doctor, render };
