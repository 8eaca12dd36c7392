import type { Command } from "commander";
import { report } from "./report";

interface TrainFlags {
  readonly runs: string;
  readonly resume?: boolean;
}

export function register(program: Command): void {
  program
    .command("train")
    .description("do what a recipe says, or go on with a run that was interrupted")
    .argument(
      "<recipe>",
      "a YAML file, one of adaptune's own (source, spottune-block, ...), or a run's folder",
    )
    .argument("[key=value...]", "values that win over the recipe's, as in train.steps=100")
    .option("--runs <folder>", "where a new run's folder goes", "runs")
    .option("--resume", "go on with a run; said by itself where a run's folder is named")
    .action(async (recipe: string, overrides: string[], { runs, resume }: TrainFlags) => {
      const { findRecipe, readRecipe, resumeRun, RunFolder, runRecipe } = await import("../train");
      const { ProgressBar, resultsOf } = await import("../report");
      const watch = new ProgressBar(process.stdout);
      const goesOn = resume || RunFolder.isOne(recipe);
      const run = goesOn
        ? await resumeRun(recipe, { overrides, watch })
        : await runRecipe(readRecipe(findRecipe(recipe), overrides), { runs, watch });
      await report(run.folder.path, resultsOf(run.result));
    });
}
