import { type Command, Option } from "commander";

interface EvalFlags {
  readonly checkpoint: "best" | "last";
  readonly execution?: "routed" | "masked";
  readonly device?: string;
}

export function register(program: Command): void {
  program
    .command("eval")
    .description("measure a run's checkpoint again")
    .argument("<run>", "the run's folder")
    .addOption(
      new Option("--checkpoint <name>", "which one").choices(["best", "last"]).default("best"),
    )
    .addOption(
      new Option("--execution <name>", "how it computes, in place of what the recipe says").choices(
        ["routed", "masked"],
      ),
    )
    .option("--device <name>", "auto, cpu, cuda or cuda:N; the run's own where it is here")
    .action(async (run: string, { device, ...flags }: EvalFlags) => {
      const { deviceOf, evaluateRun, isAsRecorded } = await import("../train");
      const { ProgressBar, renderEvaluation } = await import("../report");
      const watch = new ProgressBar(process.stdout);
      const evaluation = await evaluateRun(run, {
        ...flags,
        ...(device !== undefined && { device: deviceOf({ device }) }),
        watch,
      });
      console.log(renderEvaluation(evaluation));
      if (!isAsRecorded(evaluation)) process.exitCode = 1;
    });
}
