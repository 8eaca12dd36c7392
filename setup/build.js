const { wantedFlavour } = require("./device");
const { fetchLibTorch } = require("./libtorch/fetch");
const { findLibTorch } = require("./libtorch/find");
const { addonIsFresh, buildAddon } = require("./native");
const { builtAddon } = require("./paths");
const { requireToolchain } = require("./toolchain");
const { findReadyMade, useReadyMade } = require("./ready-made");
const { ensureTypes } = require("./types");

/**
 * Makes the addon: finds or fetches LibTorch, compiles, generates the operators' types. Does only
 * what is not done yet, and takes a ready-made addon that fits; `force` compiles again.
 * @param {{ force?: boolean }} [options]
 * @throws {import("./failure").SetupFailure} with a remedy
 */
async function build({ force = false } = {}) {
  const found = findLibTorch();
  for (const note of found.notes) console.log(`  ${note}`);
  const readyMade = force ? null : findReadyMade();
  // Looked at before anything is fetched: 200 MB are of no use without a compiler.
  if (!found.choice && !readyMade) requireToolchain();
  const libtorch = found.choice ?? (await fetchLibTorch(wanting(readyMade)));
  const flavour = libtorch.flavour.toUpperCase();
  console.log(`LibTorch ${libtorch.version}, ${flavour}: ${libtorch.path} (${libtorch.reason})`);
  const wanted = wantedFlavour();
  if (wanted.flavour === "cuda" && libtorch.flavour === "cpu") {
    const rest = wanted.required ? "" : "; with ADAPTUNE_DEVICE=cuda set, another is used";
    console.log(`  ${wanted.reason}, but this LibTorch is built without CUDA${rest}`);
  }

  if (readyMade && useReadyMade(readyMade, libtorch)) return ensureTypes(readyMade.addon);
  if (force || !addonIsFresh(libtorch)) {
    const { compiler, cmake } = requireToolchain();
    console.log(`Building the addon with ${compiler.version} and CMake ${cmake.version}`);
    await buildAddon(libtorch, { compiler });
  }
  await ensureTypes(builtAddon, { force });
}

/** The environment in which the LibTorch of a ready-made addon is fetched, unless another is asked for. @param {import("./ready-made").ReadyMade | null} readyMade */
function wanting(readyMade) {
  return { ADAPTUNE_LIBTORCH_VERSION: readyMade?.version, ...process.env };
}

module.exports = { build };
