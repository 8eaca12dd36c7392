const fs = require("node:fs");
const path = require("node:path");
const { SetupFailure, runProgram } = require("./failure");
const { setUp } = require("./set-up");
const { root } = require("./paths");
const { follow } = require("./process");

/** Compiles dist/ as it is published: type-checked, with declarations and nothing left over. */
async function pack() {
  await setUp();
  fs.rmSync(path.join(root, "dist"), { recursive: true, force: true });
  const tsc = require.resolve("typescript/bin/tsc");
  const result = await follow(process.execPath, [tsc, "-p", "tsconfig.build.json"], { cwd: root });
  if (result.code !== 0) throw new SetupFailure(`The sources do not compile:\n${result.tail}`);
}

if (require.main === module) {
  // npm reads the tarball's name from standard output when it packs.
  console.log = console.error;
  runProgram(pack);
}

module.exports = { pack };
