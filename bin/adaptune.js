#!/usr/bin/env node

require("../setup/node").requireNode();

const path = require("node:path");
const { isCheckout, root } = require("../setup/paths");

const [command, ...args] = process.argv.slice(2);

// These two are for when something is broken, so they need neither the addon nor compiled sources.
if ((command === "doctor" || command === "build") && !args.includes("--help")) {
  require("../setup/command").runCommand(command, args);
} else {
  if (isCheckout()) refresh();
  require(path.join(root, "dist", "cli", "main.js")).main(process.argv);
}

function refresh() {
  const { dependenciesAreInstalled } = require("../setup/dependencies");
  if (!dependenciesAreInstalled(root)) {
    process.stderr.write("adaptune: This checkout is not set up yet.\n\nRun: npx adaptune build\n");
    process.exit(1);
  }
  require("../setup/dist").refreshDist(root);
}
