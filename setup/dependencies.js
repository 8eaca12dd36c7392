const fs = require("node:fs");
const path = require("node:path");
const { SetupFailure } = require("./failure");
const { follow } = require("./process");

/**
 * Installs the locked dependencies of a checkout unless they are all there already.
 * @param {string} root
 */
async function ensureDependencies(root) {
  if (dependenciesAreInstalled(root)) return;
  console.log("Installing npm packages");
  // No package of ours needs its install script, and our own one is the set-up that is running.
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
  const npm = npmCommand();
  const result = await follow(npm.command, [...npm.args, ...args], { cwd: root, inherit: true });
  if (result.code !== 0) {
    throw new SetupFailure(
      "npm could not install the packages (its message is above).",
      "Check the connection and npm's registry setting (npm config get registry), then run it again.",
    );
  }
}

/**
 * Whether node_modules holds exactly what the lock file asks for on this platform.
 * @param {string} root
 */
function dependenciesAreInstalled(root) {
  const wanted = readPackages(path.join(root, "package-lock.json"));
  const present = readPackages(path.join(root, "node_modules", ".package-lock.json"));
  if (!wanted || !present) return false;
  for (const [name, entry] of Object.entries(wanted)) {
    if (name === "") continue;
    // Optional packages of other platforms are in the lock but never installed.
    if (!present[name]) {
      if (entry.optional) continue;
      return false;
    }
    if (present[name].version !== entry.version) return false;
  }
  return true;
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }> | null}
 */
function readPackages(file) {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8")).packages ?? null;
  } catch {
    return null;
  }
}

/** The npm that started this process, else the one on the PATH. */
function npmCommand() {
  const script = process.env.npm_execpath;
  if (script && /npm-cli\.c?js$/.test(script) && fs.existsSync(script)) {
    return { command: process.execPath, args: [script] };
  }
  return { command: "npm", args: [] };
}

module.exports = { ensureDependencies, dependenciesAreInstalled };
