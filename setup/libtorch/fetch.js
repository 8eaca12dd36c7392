const fs = require("node:fs");
const path = require("node:path");
const { DownloadError } = require("../download");
const { SetupFailure } = require("../failure");
const { ZipError } = require("../zip");
const { archiveUrl, fetchArchive } = require("./archive");
const { placeInCache, request } = require("./find");
const { inspectLibTorch } = require("./inspect");
const { fetchWheel } = require("./wheel");

/**
 * Fetches LibTorch into adaptune's cache: the official archive, else the torch wheel through pip.
 * It is unpacked under a temporary name and renamed when complete and checked.
 * @param {NodeJS.ProcessEnv} [env]
 * @param {typeof archiveUrl} [address] of the official archive
 * @returns {Promise<import("./find").Choice>}
 * @throws {SetupFailure} naming each attempt and what helps
 */
async function fetchLibTorch(env = process.env, address = archiveUrl) {
  const { version, wanted, folder } = request(env);
  console.log(`Fetching LibTorch ${version}, ${wanted.flavour.toUpperCase()} (${wanted.reason})`);
  fs.mkdirSync(folder, { recursive: true });
  removeLeftovers(folder);
  const temporary = fs.mkdtempSync(path.join(folder, `.unpacking.${process.pid}.`));
  try {
    const url = address(version, wanted.flavour);
    const { flavour, reason } = await fetchInto(temporary, { version, wanted, folder, url }, env);
    const { problem } = inspectLibTorch(path.join(temporary, "torch"));
    if (problem) throw new SetupFailure(`The fetched LibTorch is of no use: ${problem}.`);
    const place = placeInCache(folder, version, flavour);
    moveInto(temporary, path.dirname(place));
    const { libtorch } = inspectLibTorch(place);
    return { .../** @type {import("./inspect").LibTorch} */ (libtorch), source: "fetched", reason };
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
}

/**
 * @param {string} temporary
 * @param {ReturnType<typeof request> & { url: string | null }} request
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ flavour: "cpu" | "cuda", reason: string }>}
 */
async function fetchInto(temporary, { version, wanted, folder, url }, env) {
  /** @type {string[]} */
  const failures = [];
  if (url) {
    try {
      await fetchArchive(url, path.join(folder, "downloads"), temporary);
      return { flavour: wanted.flavour, reason: "the official LibTorch archive" };
    } catch (error) {
      if (!(error instanceof DownloadError || error instanceof ZipError)) throw error;
      failures.push(`official archive: ${error.message}`);
      console.log(`  ${error.message} Trying pip.`);
      fs.rmSync(path.join(temporary, "torch"), { recursive: true, force: true });
    }
  }
  try {
    const flavour = await fetchWheel(version, temporary, env);
    // The other way round is fine: a CUDA build serves the CPU too.
    if (wanted.flavour === "cuda" && flavour === "cpu") {
      const problem = `pip's torch ${version} is built without CUDA`;
      if (wanted.required) throw new SetupFailure(`${problem}, and ${wanted.reason}`);
      console.log(`  ${problem}: GPUs will not be used`);
    }
    return { flavour, reason: "pip's torch wheel" };
  } catch (error) {
    if (!(error instanceof SetupFailure || error instanceof ZipError)) throw error;
    failures.push(`pip: ${error.message}`);
  }
  const list = failures.map((failure) => `  ${failure}`).join("\n");
  throw new SetupFailure(`LibTorch ${version} could not be fetched:\n${list}`, remedy(version));
}

/** @param {string} version */
function remedy(version) {
  return [
    "Any one of these helps:",
    "  - connect to the network (or set pip's index or find-links to a mirror) and run it again;",
    `  - python3 -m pip install torch==${version}, and run it again: an importable torch is used;`,
    "  - download LibTorch from https://pytorch.org/get-started/locally on another machine, unpack",
    "    it, and set LIBTORCH to the folder that holds its include/ and lib/.",
  ].join("\n");
}

/**
 * @param {string} temporary
 * @param {string} place
 */
function moveInto(temporary, place) {
  try {
    fs.renameSync(temporary, place);
  } catch (error) {
    // Another set-up was faster, or what lies there is of no use: inspected before anything is removed.
    if (!inspectLibTorch(path.join(place, "torch")).problem) return;
    if (!fs.existsSync(place)) throw error;
    fs.rmSync(place, { recursive: true, force: true });
    fs.renameSync(temporary, place);
  }
}

/**
 * What an interrupted set-up left half unpacked; one that still runs is left alone.
 * @param {string} folder
 */
function removeLeftovers(folder) {
  for (const name of fs.readdirSync(folder)) {
    const owner = /^\.unpacking\.(\d+)\./.exec(name)?.[1];
    if (owner && !isRunning(Number(owner))) {
      fs.rmSync(path.join(folder, name), { recursive: true, force: true });
    }
  }
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

module.exports = { fetchLibTorch };
