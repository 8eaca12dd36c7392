const { build } = require("./build");
const { runProgram } = require("./failure");
const { loadAddon } = require("./addon");
const { findAddon, isCheckout } = require("./paths");

/** npm's install script: takes an addon that was shipped ready-made if it loads, else builds one. */
async function install() {
  const addon = isCheckout() ? null : findAddon();
  if (addon && loadAddon(addon).loads) {
    console.log(`adaptune: using the ready-made addon ${addon}`);
    return;
  }
  await build();
}

if (require.main === module) runProgram(install);

module.exports = { install };
