require("./node").requireNode();
const { build } = require("./build");
const { runProgram } = require("./failure");

// What binding.gyp runs: `node-gyp rebuild` ends in the same CMake build as everything else.
runProgram(() => build());
