const { build } = require("./build");
const { ensureDependencies } = require("./dependencies");
const { refreshDist } = require("./dist");
const { root } = require("./paths");

/**
 * All set-up of a checkout, from nothing: npm packages, LibTorch, the addon, types, compiled sources.
 * What is done already is not done again.
 * @param {{ force?: boolean }} [options] `force` compiles the addon again
 * @throws {import("./failure").SetupFailure} with a remedy
 */
async function setUp({ force = false } = {}) {
  await ensureDependencies(root);
  await build({ force });
  refreshDist(root);
}

module.exports = { setUp };
