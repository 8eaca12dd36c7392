const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

/** The package's own folder: a checkout, or node_modules/adaptune. */
const root = path.resolve(__dirname, "..");

/** A checkout has the TypeScript sources; an installed package has only what was compiled from them. */
function isCheckout() {
  return fs.existsSync(path.join(root, "tsconfig.build.json"));
}

/**
 * The folder for what adaptune fetches or computes once (XDG Base Directory specification).
 * @param {NodeJS.ProcessEnv} [env]
 */
function cacheFolder(env = process.env) {
  const base = env.XDG_CACHE_HOME;
  // The specification: a relative path is invalid and ignored.
  const home = base && path.isAbsolute(base) ? base : path.join(env.HOME || os.homedir(), ".cache");
  return path.join(home, "adaptune");
}

/** Where the build leaves the addon; node-gyp-build looks here first. */
const builtAddon = path.join(root, "build", "Release", "adaptune.node");

/** The addon that will be loaded, built here or shipped ready-made; null when there is none. */
function findAddon() {
  try {
    // The loader of node-gyp-build cannot be used before the dependencies are there.
    return require("node-gyp-build").resolve(root);
  } catch {
    return fs.existsSync(builtAddon) ? builtAddon : null;
  }
}

module.exports = { root, isCheckout, cacheFolder, builtAddon, findAddon };
