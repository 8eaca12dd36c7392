import { type Command, Option } from "commander";
import { printable } from "../torch/printable";

interface ExportFlags {
  readonly merge?: string;
  readonly checkpoint: "best" | "last";
}

export function register(program: Command): void {
  program
    .command("export")
    .description("write a run's model into a folder that scripts and recipes read")
    .argument("<run>", "the run's folder")
    .argument("<folder>", "where the model goes")
    .option(
      "--merge <mask>",
      "a plain model under one mask: an alternative (tuned, keep, ...), a JSON file, `majority` " +
        "for what most inputs of validation picked, `usage` for what training picked most",
    )
    .addOption(
      new Option("--checkpoint <name>", "which one").choices(["best", "last"]).default("best"),
    )
    .action(async (run: string, folder: string, flags: ExportFlags) => {
      const { exportRun } = await import("../train");
      const exported = exportRun(run, folder, flags);
      const reader = exported.plain
        ? "a plain model: Model.fromPretrained reads it, and a recipe's model.from"
        : "an adaptive model: AdaptedModel.fromPretrained reads it";
      console.log(`${printable(exported.folder)}\n  ${reader}`);
    });
}
