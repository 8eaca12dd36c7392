import type { Command } from "commander";

// What needs LibTorch is loaded when it runs: --help works without.
export function register(program: Command): void {
  program
    .command("demo")
    .description("train VL-BERT on Noto's emoji, adapt it to OpenMoji's three ways, compare them")
    .option("--tiny", "a few seconds' worth, to see that everything works")
    .option("--runs <folder>", "where the run's folder goes", "runs")
    .action(async ({ tiny, runs }: { tiny?: boolean; runs: string }) => {
      const { runDemo } = await import("../train");
      const { ProgressBar, renderReport, styleFor, writeReport } = await import("../report");
      const watch = new ProgressBar(process.stdout);
      const { comparison, folder } = await runDemo({ tiny, runs, watch });
      await writeReport(folder, comparison);
      console.log(`\n${renderReport(comparison, styleFor(process.stdout))}\n\n${folder}`);
    });
}
