import { type Command, Option } from "commander";
import { report } from "./report";

interface DemoFlags {
  readonly tiny?: boolean;
  readonly model: "vl-bert" | "lxmert";
  readonly precision?: "float32" | "bfloat16";
  readonly device?: string;
  readonly runs: string;
  readonly strategies?: string[];
}

// What needs LibTorch is loaded when it runs: --help works without.
export function register(program: Command): void {
  program
    .command("demo")
    .description("train a model on Noto's emoji, adapt it to OpenMoji's three ways, compare them")
    .option(
      "--strategies <names>",
      "the ways: frozen, standard, SpotTune_Block, SpotTune, SpotTune_Res, BlockDrop, BlockReplace, " +
        "head-only, last-k, layers, LoRA, BitFit",
      (names) => names.split(",").map((name) => name.trim()),
    )
    .addOption(
      new Option("--model <name>", "which model").choices(["vl-bert", "lxmert"]).default("vl-bert"),
    )
    .addOption(
      new Option("--precision <name>", "what the adaptations compute in").choices([
        "float32",
        "bfloat16",
      ]),
    )
    .option("--device <name>", "auto, cpu, cuda or cuda:N; auto is cuda where there is one")
    .option("--tiny", "a few seconds' worth, to see that everything works")
    .option("--runs <folder>", "where the run's folder goes", "runs")
    .action(async ({ device = "auto", ...flags }: DemoFlags) => {
      const { deviceOf, runDemo } = await import("../train");
      const { ProgressBar } = await import("../report");
      const watch = new ProgressBar(process.stdout);
      const { comparison, folder } = await runDemo({
        ...flags,
        device: deviceOf({ device }),
        watch,
      });
      await report(folder, comparison);
    });
}
