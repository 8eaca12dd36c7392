const fs = require("node:fs");
const path = require("node:path");
const { isCheckout, root } = require("./paths");
const { follow } = require("./process");
const { SetupFailure } = require("./failure");
const { hashFiles, isFresh, writeStamp } = require("./stamp");

/**
 * Generates the operators' types from the schemas of the LibTorch that the addon was built against:
 * TypeScript in a checkout, JavaScript with declarations in an installed package.
 * @param {string} addon
 * @param {{ force?: boolean }} [options]
 */
async function ensureTypes(addon, { force = false } = {}) {
  const folder = isCheckout() ? ["src", "torch", "generated"] : ["dist", "torch", "generated"];
  const outDir = path.join(root, ...folder);
  const stamp = path.join(root, "build", "types.stamp.json");
  const { size, mtimeMs } = fs.statSync(addon);
  const made = {
    addon: `${addon} ${size} ${mtimeMs}`,
    outDir,
    generator: hashFiles(root, generators()),
  };
  if (!force && fs.existsSync(outDir) && isFresh(stamp, made)) return;

  console.log("Generating the operators' types");
  const form = isCheckout() ? "ts" : "js";
  // In a process of its own: a LibTorch that cannot be loaded must not end the set-up without a word.
  const result = await follow(process.execPath, ["-e", program, addon, outDir, form], {
    cwd: root,
  });
  if (result.code !== 0) {
    throw new SetupFailure(`The operators' types could not be generated:\n${result.tail}`);
  }
  writeStamp(stamp, made);
}

const program = `
const [addonPath, outDir, form] = process.argv.slice(1);
(async () => {
  const { generate } = require(${JSON.stringify(path.join(root, "setup", "generate-types.js"))});
  await generate({ addonPath, outDir, form });
})().catch((error) => { console.error(error); process.exitCode = 1; });
`;

function generators() {
  return fs
    .readdirSync(path.join(root, "setup"))
    .filter((name) => name.startsWith("generate"))
    .map((name) => path.join("setup", name));
}

module.exports = { ensureTypes };
