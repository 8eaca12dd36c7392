require("./node").requireNode();
const { build } = require("./build");
const { runProgram } = require("./failure");

// npm's install script, and what binding.gyp runs: `node-gyp rebuild` ends in the same build as all else.
runProgram(() => build());
