import type { Command } from "commander";

export function register(program: Command): void {
  program
    .command("train")
    .description("do what a recipe says")
    .argument("<recipe>", "a YAML file, or one of adaptune's own: source, spottune-block, ...")
    .argument("[key=value...]", "values that win over the recipe's, as in train.steps=100")
    .option("--runs <folder>", "where the run's folder goes", "runs")
    .action(async (recipe: string, overrides: string[], { runs }: { runs: string }) => {
      const { findRecipe, readRecipe, runRecipe } = await import("../train");
      const { ProgressBar, renderReport, resultsOf, styleFor, writeReport } = await import(
        "../report"
      );
      const watch = new ProgressBar(process.stdout);
      const run = await runRecipe(readRecipe(findRecipe(recipe), overrides), { runs, watch });
      const results = resultsOf(run.result);
      await writeReport(run.folder.path, results);
      console.log(`\n${renderReport(results, styleFor(process.stdout))}\n\n${run.folder.path}`);
    });
}
