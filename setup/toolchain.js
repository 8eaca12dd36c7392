const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { SetupFailure } = require("./failure");
const { run } = require("./process");
const { isAtLeast, parseVersion } = require("./version");

const minimumCMake = "3.18";

/**
 * @typedef {{ command: string | null, version: string | null, problem: string | null }} Tool
 */

/**
 * A C++20 compiler, CMake and what CMake runs; throws when one is missing, naming all that is missing at once.
 * @param {NodeJS.ProcessEnv} [env]
 */
function requireToolchain(env = process.env) {
  const { compiler, cmake, maker, problems } = findToolchain(env);
  if (problems.length > 0) throw new SetupFailure(problems.join("\n"), installHint());
  return { compiler, cmake, maker };
}

/**
 * All that the addon is built with, and what of it is missing.
 * @param {NodeJS.ProcessEnv} [env]
 */
function findToolchain(env = process.env) {
  const compiler = findCompiler(env);
  const cmake = findCMake(env);
  const maker = findMaker(env);
  const problems = [compiler, cmake, maker].flatMap(({ problem }) => problem ?? []);
  return { compiler, cmake, maker, problems };
}

/**
 * The C++ compiler that CMake will choose, tried on a real program that needs C++20.
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Tool}
 */
function findCompiler(env = process.env) {
  /** @type {string | null} */
  let rejected = null;
  for (const command of env.CXX ? [env.CXX] : ["c++", "g++", "clang++"]) {
    // CXX may carry arguments or a launcher: "ccache g++".
    const [program, ...args] = command.trim().split(/\s+/);
    const asked = run(program, [...args, "--version"], { env });
    if (asked.missing) continue;
    const version = asked.stdout.split("\n")[0] || null;
    const problem = tryToCompile(program, args, env);
    if (problem === null) return { command, version, problem: null };
    rejected ??= `${command} (${version ?? "unknown version"}) cannot compile C++20: ${problem}`;
  }
  const problem = rejected ?? `No C++ compiler found${env.CXX ? ` at CXX=${env.CXX}` : ""}.`;
  return { command: null, version: null, problem };
}

/**
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Tool}
 */
function findCMake(env = process.env) {
  const asked = run("cmake", ["--version"], { env });
  if (asked.missing) return { command: null, version: null, problem: "CMake is not installed." };
  const version = parseVersion(asked.stdout)?.join(".") ?? null;
  if (isAtLeast(version, minimumCMake)) return { command: "cmake", version, problem: null };
  const problem = `CMake ${version ?? "of unknown version"} is too old: ${minimumCMake} or newer is needed.`;
  return { command: "cmake", version, problem };
}

/**
 * What CMake has the compiler called by: Ninja, else Make, which comes with most compilers.
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Tool}
 */
function findMaker(env = process.env) {
  for (const command of ["ninja", "make", "gmake"]) {
    const asked = run(command, ["--version"], { env });
    if (asked.code !== 0) continue;
    return { command, version: parseVersion(asked.stdout)?.join(".") ?? null, problem: null };
  }
  return { command: null, version: null, problem: "Neither Ninja nor Make is installed." };
}

/** How the build tools are installed on the common systems. */
function installHint() {
  return [
    "Install a C++20 compiler and CMake:",
    "  Debian, Ubuntu   sudo apt-get install g++ cmake ninja-build",
    "  Fedora           sudo dnf install gcc-c++ cmake ninja-build",
    "  Arch             sudo pacman -S gcc cmake ninja",
    "  macOS            xcode-select --install && brew install cmake ninja",
  ].join("\n");
}

const program = `#include <concepts>
#include <span>
template <std::integral T> T sum(std::span<const T> values) {
  T total = 0;
  for (T value : values) total += value;
  return total;
}
int main() {
  const int values[] = {1, 2};
  return sum(std::span<const int>(values)) - 3;
}
`;

/**
 * Null when the compiler makes an object file of a C++20 program, else its complaint.
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
function tryToCompile(command, args, env) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "adaptune-compiler-"));
  try {
    fs.writeFileSync(path.join(folder, "try.cc"), program);
    const result = run(command, [...args, "-std=c++20", "-c", "try.cc", "-o", "try.o"], {
      cwd: folder,
      env,
      timeout: 60_000,
    });
    if (result.code === 0) return null;
    const lines = result.stderr.split("\n");
    return (lines.find((line) => /error/i.test(line)) ?? lines[0] ?? "it failed").trim();
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

module.exports = {
  requireToolchain,
  findToolchain,
  findCompiler,
  findCMake,
  findMaker,
  installHint,
};
