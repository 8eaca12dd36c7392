import { Command } from "commander";
import * as build from "./build";
import * as demo from "./demo";
import * as doctor from "./doctor";
import { printError } from "./errors";
import * as evaluate from "./eval";
import * as exporting from "./export";
import * as recipe from "./recipe";
import * as train from "./train";

/** Runs the command line; sets the exit code to 1 where something went wrong. */
export async function main(argv: readonly string[]): Promise<void> {
  // Threads that wait for each other sleep: spinning makes training on a busy machine several times
  // slower. LibTorch's OpenMP reads this when it is loaded, which no command has done yet.
  process.env.OMP_WAIT_POLICY ??= "PASSIVE";
  const program = new Command("adaptune")
    .description("per-instance adaptive finetuning of transformers")
    .version((require("../../package.json") as { version: string }).version)
    .showHelpAfterError("(--help tells what there is)");
  for (const { register } of [demo, train, evaluate, exporting, recipe, build, doctor])
    register(program);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    printError(error, process.stderr);
    process.exitCode = 1;
  }
}
