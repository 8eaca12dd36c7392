// What sampling counterfactuals saves, and costs: npm run bench:counterfactuals -- --help
import fs from "node:fs";
import os from "node:os";
import { styleFor } from "adaptune/report";
import * as torch from "adaptune/torch";
import { findRecipe } from "adaptune/train";
import { Command } from "commander";
import { armsAt } from "./arms";
import { type CounterfactualRow, counterfactualTable, trainedRows, wideRows } from "./rows";
import { shortTrainings } from "./training";
import { wideSteps } from "./wide";

interface Flags {
  readonly recipes: string;
  readonly rate: string;
  readonly steps: string;
  readonly seeds: string;
  readonly draws: string;
  readonly rounds: string;
  readonly threads: string;
  readonly json?: string;
}

const program = new Command("bench:counterfactuals")
  .description(
    "trains the demo's recipes with all counterfactuals, with a share of them, and with the same " +
      "share where gradients reach furthest; times steps of a published size too",
  )
  .option("--recipes <names>", "which ones", "spottune-block,spottune")
  .option("--rate <share>", "share of counterfactuals", "0.25")
  .option("--steps <n>", "of each training", "150")
  .option("--seeds <n>", "trainings of each", "3")
  .option("--draws <n>", "gradients that a variance is taken over", "64")
  .option("--rounds <n>", "steps of the published size", "8")
  .option("--threads <n>", "of LibTorch", String(torch.getNumThreads()))
  .option("--json <file>", "appends a JSON line for every row")
  .action(main);

async function main(flags: Flags): Promise<void> {
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const number = (name: keyof Flags) => positive(name, flags[name]!);
  torch.setNumThreads(number("threads"));
  const arms = armsAt(Number(flags.rate));
  const [steps, seeds, draws] = [number("steps"), number("seeds"), number("draws")];
  console.log(`LibTorch ${torch.version}, ${flags.threads} threads, ${os.cpus()[0].model}`);

  const rows: CounterfactualRow[] = [];
  for (const name of flags.recipes.split(",")) {
    const { recipe, trained } = await shortTrainings(findRecipe(name), arms, {
      ...{ steps, seeds, draws, say },
    });
    const { strategy } = recipe;
    rows.push(...trainedRows(`emoji, ${steps} steps`, strategy.name, trained));
    if (strategy.name !== "SpotTune_Block" && strategy.name !== "SpotTune") continue;
    say(`${strategy.name}: steps of VL-BERT-base`);
    const wide = await wideSteps(strategy.name, arms, number("rounds"));
    rows.push(...wideRows("base, 2 blocks", strategy.name, wide));
  }
  console.log(counterfactualTable(rows, styleFor(process.stdout)));
  if (flags.json)
    fs.appendFileSync(flags.json, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`--${name} is a whole number above 0, not "${text}"`);
}

program.parseAsync().catch((error: Error) => {
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = 1;
});
