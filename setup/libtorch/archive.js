const path = require("node:path");
const fs = require("node:fs");
const { download } = require("../download");
const { progress } = require("../progress");
const { formatBytes } = require("../format");
const { unzip } = require("../zip");

/**
 * The address of the official LibTorch archive, or null where there is none for this system.
 * @param {string} version
 * @param {string} flavour
 * @param {string} [platform]
 * @param {string} [arch]
 */
function archiveUrl(version, flavour, platform = process.platform, arch = process.arch) {
  const base = "https://download.pytorch.org/libtorch";
  if (platform === "darwin" && arch === "arm64") {
    return `${base}/cpu/libtorch-macos-arm64-${version}.zip`;
  }
  if (platform !== "linux" || arch !== "x64") return null;
  const kind = flavour === "cuda" ? "cu130" : "cpu";
  return `${base}/${kind}/libtorch-shared-with-deps-${version}%2B${kind}.zip`;
}

/**
 * Downloads and unpacks the official archive into `<folder>/torch`.
 * @param {string} url
 * @param {string} downloads where the archive is kept while it is incomplete, to be continued
 * @param {string} folder
 */
async function fetchArchive(url, downloads, folder) {
  const archive = path.join(downloads, decodeURIComponent(path.basename(new URL(url).pathname)));
  const line = progress(path.basename(archive));
  try {
    await download(url, archive, { onProgress: line.update });
    line.end(`${formatBytes(fs.statSync(archive).size)} downloaded`);
  } catch (error) {
    line.end();
    throw error;
  }
  try {
    await unpack(archive, folder, (name) => selectLibTorch(name, "libtorch/"));
  } finally {
    // Kept, a damaged archive would be found damaged for ever; a good one is no longer needed.
    fs.rmSync(archive, { force: true });
  }
}

/**
 * @param {string} archive
 * @param {string} folder
 * @param {(name: string) => string | null} select
 */
async function unpack(archive, folder, select) {
  const line = progress(`unpacking ${path.basename(archive)}`);
  const { bytes } = await unzip(archive, folder, { select, onProgress: line.update });
  line.end(formatBytes(bytes));
}

/**
 * Of an archive or wheel only the libraries, the headers and the version are used.
 * @param {string} name
 * @param {string} top the folder in the archive: "libtorch/" or "torch/"
 */
function selectLibTorch(name, top) {
  if (!name.startsWith(top)) return null;
  const rest = name.slice(top.length);
  const isUsed = /^(lib|include)\//.test(rest) || rest === "build-version";
  return isUsed ? `torch/${rest}` : null;
}

module.exports = { archiveUrl, fetchArchive, unpack, selectLibTorch };
