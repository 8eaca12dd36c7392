const { build } = require("./build");
const { doctor } = require("./doctor");
const { SetupFailure, runProgram } = require("./failure");
const { isCheckout } = require("./paths");
const { setUp } = require("./set-up");

/** @type {Record<string, { option: string, run: (isGiven: boolean) => Promise<unknown> }>} */
const commands = {
  // A checkout may lack more than the addon.
  build: {
    option: "--force",
    run: (force) => (isCheckout() ? setUp({ force }) : build({ force })),
  },
  doctor: { option: "--json", run: (json) => doctor({ json }) },
};

/**
 * Runs `adaptune build` or `adaptune doctor` with nothing but Node's own modules.
 * @param {"build" | "doctor"} name
 * @param {string[]} args
 */
function runCommand(name, args) {
  const { option, run } = commands[name];
  return runProgram(async () => {
    const unknown = args.filter((argument) => argument !== option);
    if (unknown.length > 0) {
      throw new SetupFailure(
        `Unknown argument of ${name}: ${unknown.join(" ")}`,
        `It takes only ${option}.`,
      );
    }
    await run(args.includes(option));
  });
}

module.exports = { runCommand };
