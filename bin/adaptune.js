#!/usr/bin/env node

require("../setup/node").requireNode();

const path = require("node:path");
const { findAddon, isCheckout, root } = require("../setup/paths");

const [command, ...args] = process.argv.slice(2);

// These two are for when something is broken, so they need neither the addon nor compiled sources.
if ((command === "doctor" || command === "build") && !args.includes("--help")) {
  require("../setup/command").runCommand(command, args);
} else if (!isSetUp()) {
  process.stderr.write("adaptune: The addon is not built yet.\n\nRun: npx adaptune build\n");
  process.exitCode = 1;
} else {
  if (isCheckout()) require("../setup/dist").refreshDist(root);
  require(path.join(root, "dist", "cli", "main.js")).main(process.argv);
}

function isSetUp() {
  const { dependenciesAreInstalled } = require("../setup/dependencies");
  return findAddon() !== null && (!isCheckout() || dependenciesAreInstalled(root));
}
