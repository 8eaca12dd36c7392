import { type Command, Option } from "commander";

export function register(program: Command): void {
  program
    .command("eval")
    .description("measure a run's checkpoint again")
    .argument("<run>", "the run's folder")
    .addOption(
      new Option("--checkpoint <name>", "which one").choices(["best", "last"]).default("best"),
    )
    .action(async (run: string, { checkpoint }: { checkpoint: "best" | "last" }) => {
      const { evaluateRun } = await import("../train");
      const { ProgressBar, renderEvaluation } = await import("../report");
      const watch = new ProgressBar(process.stdout);
      console.log(renderEvaluation(await evaluateRun(run, { checkpoint, watch })));
    });
}
