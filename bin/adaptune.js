#!/usr/bin/env node

const path = require("node:path");

const root = path.resolve(__dirname, "..");
const [command, ...rest] = process.argv.slice(2);

// These two are for when something is broken, so they need neither the addon nor compiled sources.
if ((command === "doctor" || command === "build") && !rest.includes("--help")) {
  require("../setup/command").runCommand(command, rest);
} else {
  if (require("../setup/paths").isCheckout()) require("../setup/dist").refreshDist(root);
  require(path.join(root, "dist", "cli", "main.js")).main(process.argv);
}
