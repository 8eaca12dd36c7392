import { type Command, Option } from "commander";
import type { FinishedRun, Watch } from "../train";
import { report } from "./report";

interface TrainFlags {
  readonly runs: string;
  readonly resume?: boolean;
  readonly branchFrom?: string;
  readonly checkpoint?: "best" | "last";
}

export function register(program: Command): void {
  program
    .command("train")
    .description("do what a recipe says, go on with a run that was interrupted, or branch from one")
    .argument(
      "[recipe]",
      "a YAML file, one of adaptune's own (source, spottune-block, ...), or a run's folder",
    )
    .argument("[key=value...]", "values that win over the recipe's, as in train.steps=100")
    .option("--runs <folder>", "where a new run's folder goes", "runs")
    .option("--resume", "go on with a run; said by itself where a run's folder is named")
    .option(
      "--branch-from <run>",
      "go on from a run in a new folder, with more steps or other values",
    )
    .addOption(
      new Option("--checkpoint <name>", "which one to branch from; the last by default").choices([
        "best",
        "last",
      ]),
    )
    .action(async (recipe: string | undefined, overrides: string[], flags: TrainFlags) => {
      const { ProgressBar, resultsOf } = await import("../report");
      const watch = new ProgressBar(process.stdout);
      const run = await start(recipe, overrides, flags, watch);
      await report(run.folder.path, resultsOf(run.result));
    });
}

async function start(
  recipe: string | undefined,
  overrides: readonly string[],
  { runs, resume, branchFrom, checkpoint }: TrainFlags,
  watch: Watch,
): Promise<FinishedRun> {
  const { branchRun, Failure, findRecipe, readRecipe, resumeRun, RunFolder, runRecipe } =
    await import("../train");
  if (branchFrom !== undefined) {
    const values = [...(recipe === undefined ? [] : [recipe]), ...overrides];
    return branchRun(branchFrom, { overrides: values, checkpoint, runs, watch });
  }
  if (checkpoint !== undefined) {
    throw new Failure("--checkpoint says where a branch starts", {
      next: "name --branch-from RUN too",
    });
  }
  if (recipe === undefined) {
    throw new Failure("there is no recipe to follow", {
      next: "name a YAML file, one of adaptune's own, or a run's folder: see `adaptune train --help`",
    });
  }
  return resume || RunFolder.isOne(recipe)
    ? resumeRun(recipe, { overrides, watch })
    : runRecipe(readRecipe(findRecipe(recipe), overrides), { runs, watch });
}
