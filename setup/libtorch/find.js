const path = require("node:path");
const { wantedFlavour } = require("../device");
const { SetupFailure } = require("../failure");
const { cacheFolder } = require("../paths");
const { defaultVersion, inspectLibTorch, isSupported, supported } = require("./inspect");
const { findPythonTorch } = require("./python");

/** @typedef {import("./inspect").LibTorch} LibTorch */
/** @typedef {import("../device").Wanted} Wanted */
/** @typedef {LibTorch & { source: "LIBTORCH" | "python" | "cache" | "fetched", reason: string }} Choice */

/**
 * What to look for, from the environment.
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {{ version: string, wanted: Wanted, folder: string }} `folder`: adaptune's LibTorch cache
 */
function request(env = process.env) {
  const version = env.ADAPTUNE_LIBTORCH_VERSION || defaultVersion;
  if (!isSupported(version)) {
    throw new SetupFailure(
      `ADAPTUNE_LIBTORCH_VERSION is ${version}, which is not ${supported}.`,
      `Unset it for ${defaultVersion}.`,
    );
  }
  return { version, wanted: wantedFlavour(env), folder: path.join(cacheFolder(env), "libtorch") };
}

/**
 * The LibTorch of this machine, without fetching anything: the LIBTORCH folder, an importable
 * Python torch, then adaptune's cache. Null with the reasons when there is none.
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {{ choice: Choice | null, notes: string[] }}
 * @throws {SetupFailure} LIBTORCH is set to a folder that is of no use
 */
function findLibTorch(env = process.env) {
  const { version, wanted, folder } = request(env);
  if (env.LIBTORCH) return { choice: fromVariable(env.LIBTORCH), notes: [] };

  /** @type {string[]} */
  const notes = [];
  const found = findPythonTorch(env);
  const unwanted = found.libtorch && mismatch(found.libtorch, version, wanted, env);
  if (found.libtorch && !unwanted) {
    const reason = `the torch that ${found.python} imports`;
    return { choice: { ...found.libtorch, source: "python", reason }, notes };
  }
  notes.push(unwanted ? `Python's torch is ${unwanted}` : `Python: ${found.problem}`);

  const cached = fromCache(folder, version, wanted);
  if (cached) return { choice: cached, notes };
  notes.push(`cache: no ${version} in ${folder}`);
  return { choice: null, notes };
}

/** @param {string} folder @returns {Choice} */
function fromVariable(folder) {
  const { libtorch, problem } = inspectLibTorch(path.resolve(folder));
  if (libtorch) return { ...libtorch, source: "LIBTORCH", reason: "the LIBTORCH variable" };
  throw new SetupFailure(
    `LIBTORCH is set, but ${problem}.`,
    "Point it at a folder with include/ and lib/ (an unpacked LibTorch, or the torch folder of a\n" +
      "Python installation), or unset it to have LibTorch found or fetched.",
  );
}

/**
 * Why a found LibTorch is not what the user asked for by a variable; null when it is.
 * @param {LibTorch} libtorch
 * @param {string} version
 * @param {Wanted} wanted
 * @param {NodeJS.ProcessEnv} env
 */
function mismatch(libtorch, version, wanted, env) {
  if (env.ADAPTUNE_LIBTORCH_VERSION && libtorch.version.split("+")[0] !== version) {
    return `${libtorch.version}, not ADAPTUNE_LIBTORCH_VERSION=${version}`;
  }
  if (wanted.required && wanted.flavour === "cuda" && libtorch.flavour === "cpu") {
    return "built without CUDA, and ADAPTUNE_DEVICE=cuda";
  }
  return null;
}

/**
 * A CUDA LibTorch serves the CPU too, and a CPU one a machine with a GPU unless CUDA is required.
 * @param {string} folder
 * @param {string} version
 * @param {Wanted} wanted
 * @returns {Choice | null}
 */
function fromCache(folder, version, wanted) {
  const flavours =
    wanted.flavour === "cpu" ? ["cpu", "cuda"] : wanted.required ? ["cuda"] : ["cuda", "cpu"];
  for (const flavour of flavours) {
    const { libtorch } = inspectLibTorch(placeInCache(folder, version, flavour));
    if (libtorch) return { ...libtorch, source: "cache", reason: "adaptune's cache" };
  }
  return null;
}

/**
 * The LibTorch folder below the cache. Named torch/ as in a Python installation, so that the
 * libraries' own search paths find NVIDIA's ($ORIGIN/../../nvidia).
 * @param {string} folder
 * @param {string} version
 * @param {string} flavour
 */
function placeInCache(folder, version, flavour) {
  return path.join(folder, `${version}-${flavour}`, "torch");
}

module.exports = { request, findLibTorch, placeInCache };
