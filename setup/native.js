const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { availableMemory } = require("./cpu");
const { SetupFailure } = require("./failure");
const { formatSeconds } = require("./format");
const { findNvcc } = require("./nvcc");
const { builtAddon, root } = require("./paths");
const { follow } = require("./process");
const { progress } = require("./progress");
const { hashFiles, isFresh, writeStamp } = require("./stamp");

/** @typedef {import("./libtorch/inspect").LibTorch} LibTorch */
/** @typedef {import("./toolchain").Tool} Tool */

// Not build/ itself, where node-gyp writes a Makefile of its own.
const buildFolder = path.join(root, "build", "cmake");
const stamp = path.join(root, "build", "addon.stamp.json");

/**
 * Whether the addon is there and was built from these sources against this LibTorch.
 * @param {LibTorch} libtorch
 */
function addonIsFresh(libtorch) {
  return fs.existsSync(builtAddon) && isFresh(stamp, inputs(libtorch));
}

/**
 * Compiles the addon with CMake into build/Release/adaptune.node.
 * @param {LibTorch} libtorch
 * @param {{ compiler: Tool }} tools
 */
async function buildAddon(libtorch, { compiler }) {
  const started = Date.now();
  await configure(libtorch, compiler);
  await compile();
  if (!fs.existsSync(builtAddon)) {
    throw new SetupFailure(`The build ended without an error, but left no ${builtAddon}.`);
  }
  writeStamp(stamp, inputs(libtorch));
  console.log(`  built in ${formatSeconds((Date.now() - started) / 1000)}`);
}

/**
 * Everything that the addon is made from.
 * @param {LibTorch} libtorch
 */
function inputs(libtorch) {
  return {
    sources: hashFiles(root, ["CMakeLists.txt", "native"]),
    libtorch: `${libtorch.path} ${libtorch.version} ${libtorch.flavour}`,
    ...(libtorch.flavour === "cuda" ? { nvcc: findNvcc().version } : {}),
    packages: ["node-api-headers", "node-addon-api", "cmake-js"].map(versionOf).join(" "),
    platform: `${process.platform}-${process.arch}`,
  };
}

/** @param {string} name */
function versionOf(name) {
  return `${name} ${require(`${name}/package.json`).version}`;
}

/**
 * CMake remembers its generator, compiler and libraries for ever, so another choice starts afresh.
 * @param {LibTorch} libtorch
 * @param {Tool} compiler
 */
async function configure(libtorch, compiler) {
  // A build for the CPU needs no nvcc, and does not look for it.
  const nvcc = libtorch.flavour === "cuda" ? findNvcc() : null;
  if (nvcc?.problem) console.log(`  ${nvcc.problem} ${withoutKernels}`);
  const args = [
    ...compilerArguments(compiler.command),
    `--CDLIBTORCH=${libtorch.path}`,
    `--CDADAPTUNE_CUDA=${nvcc ? "ON" : "OFF"}`,
    ...(nvcc ? [`--CDADAPTUNE_CUDA_KERNELS=${nvcc.problem ? "OFF" : "ON"}`] : []),
    `--CDCMAKE_LIBRARY_OUTPUT_DIRECTORY=${path.dirname(builtAddon)}`,
  ];
  const chosen = { args, compiler, version: libtorch.version, ...(nvcc ? { nvcc } : {}) };
  const configured = path.join(buildFolder, "configured.json");
  if (isFresh(configured, chosen)) return;

  fs.rmSync(buildFolder, { recursive: true, force: true });
  const env = {
    ...process.env,
    CXX: compiler.command ?? undefined,
    ...(nvcc
      ? { CUDACXX: nvcc.command ?? undefined, CUDAHOSTCXX: compiler.command ?? undefined }
      : {}),
  };
  const result = await cmakeJs("configure", buildFolder, args, { env });
  if (result.code !== 0) {
    throw new SetupFailure(`CMake could not configure the build:\n${result.tail}`);
  }
  writeStamp(configured, chosen);
}

/**
 * Runs cmake-js, which gives CMake its generator and the headers of Node-API. It takes them from
 * node-api-headers, because package.json names the versions of Node-API, and downloads nothing.
 * @param {"configure" | "build"} command
 * @param {string} folder of the build
 * @param {string[]} args
 * @param {Parameters<typeof follow>[2]} [options]
 */
function cmakeJs(command, folder, args, options) {
  const { bin } = require("cmake-js/package.json");
  const script = path.join(path.dirname(require.resolve("cmake-js/package.json")), bin["cmake-js"]);
  const all = [script, command, "--directory", root, "--out", folder, ...args];
  return follow(process.execPath, all, { cwd: root, ...options });
}

/**
 * cmake-js wants g++ or clang++ on the PATH unless it is told of a compiler; CXX may be neither.
 * @param {string | null} command
 */
function compilerArguments(command) {
  // One with arguments, such as "ccache g++", CMake takes from the environment.
  if (command === null || /\s/.test(command)) return [];
  return ["--cc", command, "--cxx", command];
}

const withoutKernels =
  "Without it CUDA works, but the addon's operators run as several of LibTorch's, and torch.cuda has no " +
  "streams, memory statistics or graphs.";

async function compile() {
  const jobs = parallelJobs();
  const line = progress("compiling the addon", { unit: "steps" });
  const result = await cmakeJs("build", buildFolder, ["--parallel", String(jobs)], {
    onLine: (text) => {
      // Ninja counts steps ("[3/20] Building"), make a share ("[ 15%] Building").
      const steps = /^\[\s*(\d+)\/(\d+)\]/.exec(text);
      const share = /^\[\s*(\d+)%\]/.exec(text);
      if (steps) line.update(Number(steps[1]), Number(steps[2]));
      else if (share) line.update(Number(share[1]), 100);
    },
  });
  line.end();
  if (result.code === 0) return;
  throw new SetupFailure(
    `The addon does not compile:\n${result.tail}`,
    "If the compiler was killed, memory ran out: CMAKE_BUILD_PARALLEL_LEVEL=1 needs the least.",
  );
}

/** As many compilers as cores, or as fit into memory: one needs up to 2 GB for LibTorch's headers. */
function parallelJobs() {
  const asked = Number(process.env.CMAKE_BUILD_PARALLEL_LEVEL);
  if (asked > 0) return asked;
  const fitting = Math.floor(availableMemory() / 2e9);
  return Math.max(1, Math.min(os.availableParallelism(), fitting));
}

module.exports = { addonIsFresh, buildAddon, buildFolder, cmakeJs };
