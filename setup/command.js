const { build } = require("./build");
const { doctor } = require("./doctor");
const { SetupFailure, runProgram } = require("./failure");

/** @type {Record<string, { options: string[], run: (options: Set<string>) => Promise<unknown> }>} */
const commands = {
  build: {
    options: ["--force"],
    run: (options) => build({ force: options.has("--force") }),
  },
  doctor: {
    options: ["--json"],
    run: (options) => doctor({ json: options.has("--json") }),
  },
};

/**
 * Runs `adaptune build` or `adaptune doctor` with nothing but Node's own modules.
 * @param {"build" | "doctor"} name
 * @param {string[]} args
 */
function runCommand(name, args) {
  const { options, run } = commands[name];
  return runProgram(async () => {
    const unknown = args.filter((argument) => !options.includes(argument));
    if (unknown.length > 0) {
      throw new SetupFailure(
        `Unknown argument of ${name}: ${unknown.join(" ")}`,
        `It takes ${options.join(", ")}.`,
      );
    }
    await run(new Set(args));
  });
}

module.exports = { runCommand };
