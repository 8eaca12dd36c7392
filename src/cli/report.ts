import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import type { Results } from "../report";
import { printable } from "../torch/printable";

export function register(program: Command): void {
  program
    .command("report")
    .description("make the table and the figures of a run, or of a demo, anew")
    .argument("<run>", "the folder of a run that came to its end, or of a demo")
    .action(async (run: string) => {
      const { RunFolder } = await import("../train");
      const { resultsOf } = await import("../report");
      const comparison = join(run, "comparison.json");
      await report(
        run,
        existsSync(comparison)
          ? (JSON.parse(readFileSync(comparison, "utf8")) as Results)
          : resultsOf(RunFolder.open(run).result()),
      );
    });
}

/** Writes what there is to see of results into their folder, and prints it. */
export async function report(folder: string, results: Results): Promise<void> {
  const { renderReport, styleFor, writeReport } = await import("../report");
  await writeReport(folder, results);
  console.log(`\n${renderReport(results, styleFor(process.stdout))}\n\n${printable(folder)}`);
}
