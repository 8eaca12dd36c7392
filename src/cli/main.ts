import { Command } from "commander";
import { printable } from "../torch/printable";
import * as build from "./build";
import * as demo from "./demo";
import * as doctor from "./doctor";
import { printError } from "./errors";
import * as evaluate from "./eval";
import * as exporting from "./export";
import * as recipe from "./recipe";
import * as report from "./report";
import * as train from "./train";

/** Runs the command line; sets the exit code to 1 where something went wrong. */
export async function main(argv: readonly string[]): Promise<void> {
  waitBriefly();
  outliveReaders();
  const program = new Command("adaptune")
    .description("per-instance adaptive finetuning of transformers")
    .version((require("../../package.json") as { version: string }).version)
    .showHelpAfterError("(--help tells what there is)")
    .configureOutput({ writeErr: (text) => void process.stderr.write(printable(text)) });
  for (const { register } of [demo, train, evaluate, exporting, report, recipe, build, doctor])
    register(program);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    printError(error, process.stderr);
    process.exitCode = 1;
  }
}

/**
 * Threads that wait for each other spin as long as waking them would take, and then sleep. Spinning
 * for long, as is usual, makes training on a busy machine several times slower; sleeping at once
 * makes it half as slow again on an idle one. LibTorch's OpenMP (libgomp) reads this when it is
 * loaded, which no command has done yet.
 */
function waitBriefly(): void {
  if (process.env.OMP_WAIT_POLICY === undefined) process.env.GOMP_SPINCOUNT ??= "3000";
}

/**
 * Who reads what is printed may leave, as `head` does: the work goes on, and nobody is told. It would
 * end the process otherwise, and with it a training.
 */
function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.listeners("error").includes(forgiveReaders)) continue;
    stream.on("error", forgiveReaders);
  }
}

function forgiveReaders(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}
