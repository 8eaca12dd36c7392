require("./node").requireNode();
const { runProgram } = require("./failure");
const { setUp } = require("./set-up");

// What `npm start` and `npm test` run first.
runProgram(() => setUp());
