import { join } from "node:path";
import { writeWhole } from "./files";
import { type Measured, majorityAccuracy, measure } from "./measure";
import { adaptModel } from "./model";
import type { Recipe } from "./recipe";
import { newRunPath } from "./run-folder";
import { openData, openModel, type RunOptions, runRecipe } from "./run-recipe";
import type { Task } from "./task";
import type { RunResult } from "./train";
import { within } from "./watch";

/** The same pretrained model, adapted in several ways to the same data. */
export interface Comparison {
  /** What the data is, in words. */
  readonly data: string;
  readonly domain: string;
  readonly sourceDomain: string | null;
  readonly examples: RunResult["examples"];
  /** Validation accuracy of giving each kind of question its most frequent answer. */
  readonly majority: number;
  /** The pretrained model as it is. */
  readonly before: Measured;
  readonly results: readonly RunResult[];
}

export interface FinishedComparison {
  readonly comparison: Comparison;
  /** Holds the comparison and a run's folder for each way. */
  readonly folder: string;
}

/** Runs recipes one after the other; they share their data and the model that they start from. */
export async function compare(
  name: string,
  recipes: readonly Recipe[],
  options: RunOptions = {},
): Promise<FinishedComparison> {
  const folder = options.folder ?? newRunPath(options.runs ?? "runs", name);
  const [first] = recipes;
  const task = await openData(first, options);
  const before = await measureBefore(first, task, options);
  const results: RunResult[] = [];
  for (const recipe of recipes) {
    const watch = within(options.watch ?? {}, recipe.name);
    const own = { ...options, watch, folder: join(folder, recipe.name) };
    results.push((await runRecipe(recipe, own)).result);
  }
  const comparison: Comparison = {
    data: task.dataset.describe(),
    domain: first.data.domain,
    sourceDomain: first.data.source,
    examples: { train: task.train.length, validation: task.validation.length },
    majority: majorityAccuracy(task),
    before,
    results,
  };
  writeWhole(join(folder, "comparison.json"), `${JSON.stringify(comparison, null, 2)}\n`);
  return { comparison, folder };
}

async function measureBefore(recipe: Recipe, task: Task, options: RunOptions): Promise<Measured> {
  const base = await openModel(recipe, task, options);
  const asIs = { ...recipe, strategy: { name: "standard" as const, except: [] } };
  const watch = within(options.watch ?? {}, "not adapted");
  return measure(adaptModel(base, asIs), task, recipe, watch);
}
