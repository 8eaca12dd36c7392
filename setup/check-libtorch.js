require("./node").requireNode();
const fs = require("node:fs");
const path = require("node:path");
const { loadAddon } = require("./addon");
const { SetupFailure, runProgram } = require("./failure");
const { differences, readInternals } = require("./internals");
const { fetchLibTorch } = require("./libtorch/fetch");
const { findLibTorch } = require("./libtorch/find");
const { root } = require("./paths");
const { follow, run } = require("./process");

const usage = "Run: npm run check:libtorch -- 2.14.1+cu130 [test files]";

/**
 * What `npm run check:libtorch -- VERSION+FLAVOUR [test files]` does: finds or fetches that LibTorch, tells
 * which internal functions it declares in a way not seen before, builds against it in a copy of the checkout,
 * loads the addon and runs the suite. The last line is "N passed, N failed".
 */
async function checkLibTorch() {
  const [asked = "", ...files] = process.argv.slice(2);
  const [, version, device] = /^(\d+\.\d+\.\d+)\+(cpu|cu13\d)$/.exec(asked) ?? [];
  if (!version) {
    throw new SetupFailure(
      `check:libtorch takes a version and a flavour, cpu or one of CUDA 13, not '${asked}'.`,
      usage,
    );
  }
  const flavour = device === "cpu" ? "cpu" : "cuda";
  const env = { ...process.env, ADAPTUNE_LIBTORCH_VERSION: version, ADAPTUNE_DEVICE: flavour };
  const libtorch = findLibTorch(env).choice ?? (await fetchLibTorch(env));
  if (libtorch.version !== version || libtorch.flavour !== flavour) {
    throw new SetupFailure(
      `LibTorch at ${libtorch.path} is ${libtorch.version}, ${libtorch.flavour} (${libtorch.reason}), not ${asked}.`,
      "Point LIBTORCH at the one that is asked for, or unset it to have one found or fetched.",
    );
  }
  for (const line of differences(readInternals(), libtorch)) console.log(`  ${line}`);

  const copy = path.join(root, "build", "check", asked);
  copyCheckout(copy);
  const own = { ...process.env, LIBTORCH: libtorch.path };
  await must(["setup"], copy, own);
  const addon = path.join(copy, "build", "Release", "adaptune.node");
  const { loads, problem, torch, cuda } = loadAddon(addon, copy);
  if (!loads) throw new SetupFailure(`The addon does not load: ${problem}`);
  console.log(
    `LibTorch ${torch}: the addon loads; its CUDA bindings are ${cuda?.kernels ? "" : "not "}built, ` +
      `a GPU is ${cuda?.available ? "" : "not "}available`,
  );
  await test(copy, own, files);
}

/**
 * Brings a copy of the checkout up to date: all files that git does not ignore. What did not change keeps its
 * time, so that only what changed is compiled again.
 * @param {string} copy
 */
function copyCheckout(copy) {
  const listed = run("git", ["ls-files", "-z", "-co", "--exclude-standard"], { cwd: root });
  if (listed.code !== 0) throw new SetupFailure(`git does not list the files: ${listed.stderr}`);
  const wanted = new Set(listed.stdout.split("\0").filter((name) => name));
  for (const name of wanted) {
    const [from, to] = [path.join(root, name), path.join(copy, name)];
    if (!fs.existsSync(from)) wanted.delete(name);
    else if (!fs.existsSync(to) || !fs.readFileSync(from).equals(fs.readFileSync(to))) {
      fs.mkdirSync(path.dirname(to), { recursive: true });
      fs.copyFileSync(from, to);
    }
  }
  for (const folder of ["native", "src", "test", "setup"]) {
    for (const entry of fs.readdirSync(path.join(copy, folder), { recursive: true })) {
      const name = path.join(folder, String(entry));
      if (name.startsWith(path.join("src", "torch", "generated"))) continue;
      const file = path.join(copy, name);
      if (!wanted.has(name) && fs.statSync(file).isFile()) fs.rmSync(file);
    }
  }
  const modules = path.join(copy, "node_modules");
  if (!fs.existsSync(modules)) fs.symlinkSync(path.join(root, "node_modules"), modules, "dir");
}

/**
 * @param {string} copy
 * @param {NodeJS.ProcessEnv} env
 * @param {string[]} files
 */
async function test(copy, env, files) {
  const counts = { passed: 0, failed: 0 };
  const ava = path.join("node_modules", "ava", "entrypoints", "cli.mjs");
  const { code } = await follow(process.execPath, [ava, ...files], {
    cwd: copy,
    env: { ...env, NO_COLOR: "1" },
    onLine: (line) => {
      console.log(line);
      // AVA marks each test that passed, and each test, hook or file that failed.
      if (/^ *[✔√] /.test(line)) counts.passed++;
      if (/^ *[✘×] /.test(line)) counts.failed++;
    },
  });
  if (code !== 0 && counts.failed === 0) counts.failed++;
  console.log(`\n${counts.passed} passed, ${counts.failed} failed`);
  if (counts.failed > 0) process.exitCode = 1;
}

/**
 * @param {string[]} args of Node.js
 * @param {string} cwd
 * @param {NodeJS.ProcessEnv} env
 */
async function must(args, cwd, env) {
  const { code } = await follow(process.execPath, args, { cwd, env, inherit: true });
  if (code !== 0) throw new SetupFailure(`node ${args.join(" ")} ended with code ${code}.`);
}

runProgram(checkLibTorch);
