require("./node").requireNode();
const { loadAddon } = require("./addon");
const { build } = require("./build");
const { runProgram } = require("./failure");
const { findAddon, isCheckout } = require("./paths");
const { ensureTypes } = require("./types");

/** npm's install script: takes an addon that was shipped ready-made if it loads, else builds one. */
async function install() {
  const addon = isCheckout() ? null : findAddon();
  if (!addon || !loadAddon(addon).loads) return build();
  console.log(`adaptune: using the ready-made addon ${addon}`);
  await ensureTypes(addon);
}

runProgram(install);
