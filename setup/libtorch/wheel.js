const fs = require("node:fs");
const path = require("node:path");
const { SetupFailure } = require("../failure");
const { follow } = require("../process");
const { listZip, readZipText } = require("../zip");
const { selectLibTorch, unpack } = require("./archive");
const { findPip } = require("./python");

// One connection attempt, briefly: where the index cannot be reached, the user is told at once.
const patience = ["--retries", "0", "--timeout", "15", "--disable-pip-version-check", "--no-input"];

/**
 * Fetches the torch wheel with pip, whose own configuration and mirrors apply, and unpacks lib/ and
 * include/ of it into `<folder>/torch` (and NVIDIA's libraries into `<folder>/nvidia`).
 * @param {string} version
 * @param {string} flavour
 * @param {string} folder
 * @returns {Promise<"cpu" | "cuda">} the flavour of the wheel that pip had
 */
async function fetchWheel(version, flavour, folder) {
  const python = findPip();
  if (!python) throw new SetupFailure("there is no python3 with pip");
  const downloads = path.join(folder, "wheels");
  const wheel = await downloadTorch(python, version, downloads);
  const hasCuda = (await listZip(wheel)).some((name) =>
    name.startsWith("torch/lib/libtorch_cuda."),
  );
  if (flavour === "cuda" && !hasCuda) {
    console.log("  pip's torch is built without CUDA; GPUs will not be used");
  }
  await unpack(wheel, folder, (name) => selectLibTorch(name, "torch/"));
  if (hasCuda) await fetchNvidia(python, wheel, downloads, folder);
  fs.rmSync(downloads, { recursive: true, force: true });
  return hasCuda ? "cuda" : "cpu";
}

/**
 * @param {string} python
 * @param {string} version
 * @param {string} downloads
 */
async function downloadTorch(python, version, downloads) {
  const wanted = [`torch==${version}`, "--no-deps", "--only-binary", ":all:"];
  const first = await pipDownload(python, wanted, downloads);
  if (first.code !== 0) {
    // Reached, but nothing for this interpreter: the libraries are the same in every tag's wheel.
    if (!/No matching distribution|from versions/.test(first.tail) || unreachable(first.tail)) {
      throw new SetupFailure(`pip could not fetch torch ${version}: ${lastError(first.tail)}`);
    }
    const second = await pipDownload(python, [...wanted, ...otherTags()], downloads);
    if (second.code !== 0) {
      throw new SetupFailure(`pip could not fetch torch ${version}: ${lastError(second.tail)}`);
    }
  }
  const name = fs.readdirSync(downloads).find((file) => /^torch-.*\.whl$/.test(file));
  if (!name) throw new SetupFailure(`pip left no torch wheel in ${downloads}`);
  return path.join(downloads, name);
}

/**
 * @param {string} python
 * @param {string} wheel
 * @param {string} downloads
 * @param {string} folder
 */
async function fetchNvidia(python, wheel, downloads, folder) {
  const metadata = await readZipText(wheel, (name) => name.endsWith(".dist-info/METADATA"));
  const requirements = nvidiaRequirements(metadata ?? "");
  if (requirements.length === 0) return;
  const result = await pipDownload(python, [...requirements, "--only-binary", ":all:"], downloads);
  if (result.code !== 0) {
    throw new SetupFailure(`pip could not fetch NVIDIA's libraries: ${lastError(result.tail)}`);
  }
  for (const file of fs.readdirSync(downloads)) {
    if (!file.startsWith("nvidia_")) continue;
    await unpack(path.join(downloads, file), folder, (name) =>
      /^nvidia\/.*\/lib\//.test(name) ? name : null,
    );
  }
}

/**
 * The requirements of a wheel that are CUDA libraries, without their environment markers.
 * @param {string} metadata
 */
function nvidiaRequirements(metadata) {
  return [...metadata.matchAll(/^Requires-Dist: ((?:nvidia-|cuda-toolkit)[^;\r\n]*)/gm)]
    .map((match) => match[1].trim())
    .filter((requirement) => !/extra ==/.test(requirement));
}

/**
 * @param {string} python
 * @param {string[]} args
 * @param {string} folder
 */
function pipDownload(python, args, folder) {
  fs.mkdirSync(folder, { recursive: true });
  const command = ["-m", "pip", "download", ...args, "--dest", folder, ...patience];
  // pip's own progress bar has sizes, rate and time left; without a terminal it prints name and size.
  const bar = process.stdout.isTTY ? ["--progress-bar", "on"] : ["--progress-bar", "off"];
  return follow(python, [...command, ...bar], {
    onLine: (line) => {
      if (/^\s*(Downloading|Processing|Saved) /.test(line)) console.log(`  pip: ${line.trim()}`);
    },
  });
}

/** Arguments that make pip take the wheel of another CPython. */
function otherTags() {
  const arch = process.arch === "arm64" ? "aarch64" : "x86_64";
  const platforms =
    process.platform === "darwin"
      ? ["macosx_11_0_arm64", "macosx_14_0_arm64"]
      : [
          `manylinux_2_28_${arch}`,
          `manylinux_2_17_${arch}`,
          `manylinux2014_${arch}`,
          `linux_${arch}`,
        ];
  return [
    ...["--python-version", "3.11", "--implementation", "cp", "--abi", "cp311"],
    ...platforms.flatMap((platform) => ["--platform", platform]),
  ];
}

/** @param {string} text */
function unreachable(text) {
  return (
    /Failed to establish|Name or service|timed out|Connection (refused|reset)/.test(text) &&
    !/from versions: \d/.test(text)
  );
}

/** @param {string} text */
function lastError(text) {
  const lines = text.split("\n").filter((line) => line.trim());
  const errors = lines.filter((line) => line.startsWith("ERROR"));
  return (errors.at(-1) ?? lines.at(-1) ?? "no message").trim();
}

module.exports = { fetchWheel, nvidiaRequirements };
