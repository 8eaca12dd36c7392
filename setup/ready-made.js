const fs = require("node:fs");
const path = require("node:path");
const { loadAddon } = require("./addon");
const { builtAddon, findAddon, isCheckout, root } = require("./paths");
const { readJson } = require("./stamp");

/**
 * An addon that was shipped in prebuilds/, and the LibTorch that it was compiled against.
 * @typedef {{ addon: string, version: string, flavour: "cpu" | "cuda" }} ReadyMade
 */

/**
 * The ready-made addon for this platform, as node-gyp-build chooses it; null where there is none. A checkout
 * has sources that may be newer, and what was built here comes first.
 * @returns {ReadyMade | null}
 */
function findReadyMade() {
  const addon = isCheckout() || fs.existsSync(builtAddon) ? null : findAddon();
  const builtFor = addon && readJson(descriptionOf(addon));
  return addon && builtFor ? { addon, ...builtFor } : null;
}

/**
 * Uses a ready-made addon if it was compiled against this very LibTorch, by linking that into the
 * package, and if it loads; tells why if not.
 * @param {ReadyMade} readyMade
 * @param {import("./libtorch/inspect").LibTorch} libtorch
 * @returns {boolean} whether it can be used
 */
function useReadyMade({ addon, version, flavour }, libtorch) {
  if (version !== libtorch.version || flavour !== libtorch.flavour) {
    console.log(
      `  the ready-made addon is for LibTorch ${version}, ${flavour.toUpperCase()}, so one is compiled for this; ` +
        `ADAPTUNE_LIBTORCH_VERSION=${version} ADAPTUNE_DEVICE=${flavour} uses it`,
    );
    return false;
  }
  link(libtorch.path);
  const { loads, problem } = loadAddon(addon);
  if (loads) console.log(`  using the ready-made addon ${addon}`);
  else console.log(`  the ready-made addon does not load here, so one is compiled: ${problem}`);
  return loads;
}

/** Where a ready-made addon looks for LibTorch, by the search path that CMake gave it. @param {string} libtorch */
function link(libtorch) {
  const place = path.join(root, "libtorch");
  if (fs.existsSync(place) && fs.realpathSync(place) === libtorch) return;
  fs.rmSync(place, { force: true });
  fs.symlinkSync(libtorch, place, "dir");
}

/** The file beside a ready-made addon that says what it is for. @param {string} addon */
function descriptionOf(addon) {
  return addon.replace(/\.node$/, ".json");
}

module.exports = { descriptionOf, findReadyMade, useReadyMade };
