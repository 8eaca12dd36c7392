const { printable } = require("./printable");

/** What went wrong while setting up, and what the user does about it. */
class SetupFailure extends Error {
  /**
   * @param {string} message what happened, and where
   * @param {string} [remedy] what to do next; may have several lines
   */
  constructor(message, remedy) {
    super(message);
    this.name = "SetupFailure";
    this.remedy = remedy;
  }
}

/**
 * Runs a set-up program to its end: a failure is printed with its remedy, and ends with exit code 1.
 * @param {() => Promise<unknown>} program
 */
async function runProgram(program) {
  try {
    await program();
  } catch (error) {
    process.stderr.write(printable(`\n${describe(error)}\n`));
    process.exitCode = 1;
  }
}

/** @param {unknown} error */
function describe(error) {
  if (error instanceof SetupFailure) {
    return error.remedy
      ? `adaptune: ${error.message}\n\n${error.remedy}`
      : `adaptune: ${error.message}`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

module.exports = { SetupFailure, runProgram };
