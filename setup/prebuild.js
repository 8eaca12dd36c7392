require("./node").requireNode();
const fs = require("node:fs");
const path = require("node:path");
const { writeWhole } = require("./whole-file");
const { SetupFailure, runProgram } = require("./failure");
const { findLibTorch } = require("./libtorch/find");
const { buildFolder } = require("./native");
const { root } = require("./paths");
const { run } = require("./process");
const { descriptionOf } = require("./ready-made");
const { setUp } = require("./set-up");

/**
 * Makes a ready-made addon of the one that was built: without symbols, and looking for LibTorch at the
 * link that an installation makes.
 * @param {string} folder prebuilds/ of a package
 * @returns {string} the addon, named as node-gyp-build finds it
 */
function makeReadyMade(folder) {
  const { choice } = findLibTorch();
  if (!choice) throw new SetupFailure("There is no LibTorch.", "Run: npx adaptune build");
  const { version, flavour } = choice;
  const platform = path.join(folder, `${process.platform}-${process.arch}`);
  const result = run("cmake", ["--install", buildFolder, "--prefix", platform, "--strip"]);
  if (result.code !== 0) throw new SetupFailure(`CMake could not install:\n${result.stderr}`);
  const addon = path.join(platform, `adaptune.napi${libc()}.node`);
  fs.renameSync(path.join(platform, "adaptune.node"), addon);
  writeWhole(descriptionOf(addon), `${JSON.stringify({ version, flavour })}\n`);
  return addon;
}

/** The C library is a part of the name on Linux alone. */
function libc() {
  if (process.platform !== "linux") return "";
  const { header } = /** @type {any} */ (process.report.getReport());
  return header.glibcVersionRuntime ? ".glibc" : ".musl";
}

/** What `npm run prebuild` does; `npm pack` then takes the addon along. */
async function prebuild() {
  await setUp();
  fs.rmSync(path.join(root, "prebuilds"), { recursive: true, force: true });
  console.log(`made ${makeReadyMade(path.join(root, "prebuilds"))}`);
}

if (require.main === module) runProgram(prebuild);

module.exports = { makeReadyMade };
