const { build } = require("./build");
const { ensureDependencies } = require("./dependencies");
const { refreshDist } = require("./dist");
const { runProgram } = require("./failure");
const { root } = require("./paths");
const { requireNode } = require("./toolchain");

/**
 * All set-up of a checkout, from nothing: npm packages, LibTorch, the addon, types, compiled sources.
 * What is done already is not done again.
 */
async function setUp() {
  requireNode();
  await ensureDependencies(root);
  await build();
  refreshDist(root);
}

if (require.main === module) runProgram(setUp);

module.exports = { setUp };
