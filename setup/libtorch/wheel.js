const fs = require("node:fs");
const path = require("node:path");
const { SetupFailure } = require("../failure");
const { listZip, readZipText } = require("../zip");
const { selectLibTorch, unpack } = require("./archive");
const { pipDownload } = require("./pip");
const { findPip } = require("./python");

/**
 * Fetches the torch wheel with pip, whose own configuration and mirrors apply, and unpacks lib/ and
 * include/ of it into `<folder>/torch` (and NVIDIA's libraries into `<folder>/nvidia`).
 * @param {string} version
 * @param {string} folder
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<"cpu" | "cuda">} the flavour of the wheel that pip had
 * @throws {SetupFailure | import("../zip").ZipError}
 */
async function fetchWheel(version, folder, env) {
  const python = findPip(env);
  if (!python) throw new SetupFailure("there is no python3 with pip");
  const downloads = path.join(folder, "wheels");
  const wheel = await downloadTorch(python, version, downloads, env);
  const names = await listZip(wheel);
  const hasCuda = names.some((name) => name.startsWith("torch/lib/libtorch_cuda."));
  await unpack(wheel, folder, (name) => selectLibTorch(name, "torch/"));
  // Needed by a CUDA build even where there is no GPU: libtorch_cpu itself is linked to some of them.
  if (hasCuda) await fetchNvidia(python, wheel, downloads, env);
  for (const name of fs.readdirSync(downloads).filter((file) => file.startsWith("nvidia_"))) {
    const select = (/** @type {string} */ file) => (/^nvidia\/.*\/lib\//.test(file) ? file : null);
    await unpack(path.join(downloads, name), folder, select);
  }
  fs.rmSync(downloads, { recursive: true, force: true });
  return hasCuda ? "cuda" : "cpu";
}

/**
 * @param {string} python
 * @param {string} version
 * @param {string} downloads
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string>} the wheel
 */
async function downloadTorch(python, version, downloads, env) {
  const wanted = [`torch==${version}`, "--no-deps", "--only-binary", ":all:"];
  let result = await pipDownload(python, wanted, downloads, env);
  // The libraries are the same in every CPython's wheel, so one that pip passed over will do.
  const other = result.code === 0 ? null : tagsPassedOver(result.output, version);
  if (other) result = await pipDownload(python, [...wanted, ...other], downloads, env);
  if (result.code !== 0) throw new SetupFailure(whyNot(result.output));
  const name = fs.readdirSync(downloads).find((file) => /^torch-.*\.whl$/.test(file));
  if (!name) throw new SetupFailure(`pip left no torch wheel in ${downloads}`);
  return path.join(downloads, name);
}

/**
 * Arguments that make pip take a wheel which it found, but passed over for being another CPython's;
 * null when there was none for this system.
 * @param {string} output what pip said in detail
 * @param {string} version
 * @param {string} [platform]
 * @param {string} [arch]
 */
function tagsPassedOver(output, version, platform = process.platform, arch = process.arch) {
  const release = `torch-${version.replaceAll(".", "\\.")}(?:(?:\\+|%2B)[\\w.]+)?`;
  const wheel = new RegExp(`/${release}-cp(\\d)(\\d+)-(cp\\d+t?|none)-([\\w.]+)\\.whl`, "gi");
  const machine = arch === "arm64" ? "(aarch64|arm64)" : "x86_64";
  const system = new RegExp(`^${platform === "darwin" ? "macosx" : "(many)?linux"}.*_${machine}$`);
  for (const [, major, minor, abi, tags] of output.matchAll(wheel)) {
    const platforms = tags.split(".").filter((tag) => system.test(tag));
    if (platforms.length === 0) continue;
    const python = ["--python-version", `${major}.${minor}`, "--implementation", "cp"];
    return [...python, "--abi", abi, ...platforms.flatMap((tag) => ["--platform", tag])];
  }
  return null;
}

/**
 * @param {string} python
 * @param {string} wheel
 * @param {string} downloads
 * @param {NodeJS.ProcessEnv} env
 */
async function fetchNvidia(python, wheel, downloads, env) {
  const metadata = await readZipText(wheel, (name) => name.endsWith(".dist-info/METADATA"));
  const requirements = nvidiaRequirements(metadata ?? "");
  if (requirements.length === 0) return;
  const wanted = [...requirements, "--only-binary", ":all:"];
  const result = await pipDownload(python, wanted, downloads, env);
  if (result.code !== 0) throw new SetupFailure(`NVIDIA's libraries: ${whyNot(result.output)}`);
}

/**
 * The requirements of a wheel that are CUDA libraries, without their environment markers.
 * @param {string} metadata
 */
function nvidiaRequirements(metadata) {
  return [...metadata.matchAll(/^Requires-Dist: ((?:nvidia-|cuda-toolkit)[^;\r\n]*)/gm)].map(
    (match) => match[1].trim(),
  );
}

/**
 * Pip's error, and which of its sources it did not reach.
 * @param {string} output
 */
function whyNot(output) {
  const error = [...output.matchAll(/^ERROR: (.*)$/gm)].at(-1)?.[1] ?? "pip failed without a word";
  const sources = [...output.matchAll(/Could not fetch URL (\S+): (?!404)/g)].map(([, url]) => url);
  const unreached = [...new Set(sources)].join(", ");
  return unreached ? `${error} (not reached: ${unreached})` : error;
}

module.exports = { fetchWheel, tagsPassedOver, nvidiaRequirements, whyNot };
