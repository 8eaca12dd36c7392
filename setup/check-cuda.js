require("./node").requireNode();
const path = require("node:path");
const { loadAddon } = require("./addon");
const { examineCuda, listMissing } = require("./cuda-needs");
const { SetupFailure, runProgram } = require("./failure");
const { builtAddon, root } = require("./paths");
const { fetchLibTorch } = require("./libtorch/fetch");
const { findLibTorch } = require("./libtorch/find");
const { cmakeJs } = require("./native");
const { follow } = require("./process");
const { setUp } = require("./set-up");

/**
 * What `npm run check:cuda` does: builds with CUDA and runs the tests that need a GPU. Where there is
 * none, it tells all that is missing and is done; with `--compile` it compiles the CUDA sources even there.
 */
async function checkCuda() {
  const compiles = process.argv.includes("--compile");
  const { nvidia, nvcc, missing } = examineCuda();
  const hasGpu = nvidia.devices.length > 0;
  if (!hasGpu && !compiles) {
    console.log(`check:cuda: skipped. What is missing here:\n${listMissing(missing)}`);
    console.log("(--compile needs no GPU: with nvcc it compiles the CUDA sources.)");
    return;
  }
  const inTheWay = hasGpu
    ? missing.filter(({ fetched }) => !fetched)
    : missing.filter(({ problem }) => problem === nvcc.problem);
  if (inTheWay.length > 0) {
    throw new SetupFailure(`CUDA cannot be built. What is missing here:\n${listMissing(inTheWay)}`);
  }
  if (hasGpu) await testOn(nvidia.devices);
  else await compile(nvcc);
}

/** @param {import("./device").Nvidia["devices"]} devices */
async function testOn(devices) {
  for (const { index, name, computeCapability } of devices)
    console.log(`GPU ${index}: ${name}, compute ${computeCapability}`);
  process.env.ADAPTUNE_DEVICE = "cuda";
  await setUp();
  const { loads, problem, cuda } = loadAddon(builtAddon);
  if (!loads) throw new SetupFailure(`The addon does not load: ${problem}`);
  if (!cuda?.available) {
    throw new SetupFailure("LibTorch finds no GPU that it can use.", "Run: npx adaptune doctor");
  }
  const files = ["test/cuda/*.test.ts", "test/torch/cuda*.test.ts"];
  await run(process.execPath, [
    path.join("node_modules", "ava", "entrypoints", "cli.mjs"),
    ...files,
  ]);
}

/**
 * Compiles what a machine with a GPU would, against the headers of the LibTorch that is here.
 * @param {import("./toolchain").Tool} nvcc
 */
async function compile(nvcc) {
  const folder = path.join(root, "build", "cuda");
  const libtorch = findLibTorch().choice ?? (await fetchLibTorch());
  const args = [
    `--CDLIBTORCH=${libtorch.path}`,
    `--CDCMAKE_CUDA_COMPILER=${nvcc.command}`,
    "--CDADAPTUNE_CUDA_OBJECTS=ON",
  ];
  for (const command of /** @type {const} */ (["configure", "build"])) {
    const rest = command === "configure" ? args : ["--target", "adaptune_cuda", "--parallel", "2"];
    const { code } = await cmakeJs(command, folder, rest, { inherit: true });
    if (code !== 0) throw new SetupFailure(`cmake-js ${command} ended with code ${code}.`);
  }
  console.log("check:cuda: all CUDA sources compile for sm_80 and sm_90; nothing was run");
}

/**
 * @param {string} command
 * @param {string[]} args
 */
async function run(command, args) {
  const { code } = await follow(command, args, { cwd: root, inherit: true });
  if (code !== 0)
    throw new SetupFailure(`${[command, ...args].join(" ")} ended with code ${code}.`);
}

runProgram(checkCuda);
