const fs = require("node:fs");
const path = require("node:path");
const { compareVersions, parseVersion } = require("../version");

const defaultVersion = "2.13.0";
const oldest = [2, 11];
const newest = [2, 14];
const supported = "2.11 to 2.14";

/**
 * A LibTorch that can be built against.
 * @typedef {{ path: string, version: string, flavour: "cpu" | "cuda" }} LibTorch
 */

/**
 * What a folder with include/ and lib/ holds, or in words why it is not a LibTorch of use.
 * @param {string} folder
 * @returns {{ libtorch: LibTorch, problem: null } | { libtorch: null, problem: string }}
 */
function inspectLibTorch(folder) {
  const refuse = (/** @type {string} */ problem) => ({ libtorch: null, problem });
  if (!fs.existsSync(folder)) return refuse(`${folder} does not exist`);
  for (const needed of [
    "include/ATen/ATen.h",
    `lib/${library("torch_cpu")}`,
    `lib/${library("c10")}`,
  ]) {
    if (!fs.existsSync(path.join(folder, needed))) return refuse(`${folder} has no ${needed}`);
  }
  const version = readVersion(folder);
  if (version === null) return refuse(`${folder} does not tell its version`);
  if (!isSupported(version)) return refuse(`${folder} is version ${version}, not ${supported}`);
  const hasCuda = fs.existsSync(path.join(folder, "lib", library("torch_cuda")));
  const flavour = /** @type {"cpu" | "cuda"} */ (hasCuda ? "cuda" : "cpu");
  return { libtorch: { path: fs.realpathSync(folder), version, flavour }, problem: null };
}

/** @param {string} version */
function isSupported(version) {
  const numbers = parseVersion(version);
  if (!numbers) return false;
  const minor = numbers.slice(0, 2);
  return compareVersions(minor, oldest) >= 0 && compareVersions(minor, newest) <= 0;
}

/**
 * The version in the headers, which the compiler will see; a wheel's version.py may add a "+cpu".
 * @param {string} folder
 */
function readVersion(folder) {
  for (const header of [
    "include/torch/headeronly/version.h",
    "include/torch/csrc/api/include/torch/version.h",
  ]) {
    const text = readIfThere(path.join(folder, header));
    const part = (/** @type {string} */ name) =>
      new RegExp(`#define\\s+TORCH_VERSION_${name}\\s+(\\d+)`).exec(text)?.[1];
    if (part("MAJOR")) return `${part("MAJOR")}.${part("MINOR")}.${part("PATCH") ?? 0}`;
  }
  const built = readIfThere(path.join(folder, "build-version")).trim();
  if (built) return built;
  return (
    /__version__\s*=\s*['"]([^'"]+)/.exec(readIfThere(path.join(folder, "version.py")))?.[1] ?? null
  );
}

/** @param {string} file */
function readIfThere(file) {
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
}

/** @param {string} name */
function library(name) {
  return process.platform === "darwin" ? `lib${name}.dylib` : `lib${name}.so`;
}

module.exports = { inspectLibTorch, isSupported, library, defaultVersion, supported };
