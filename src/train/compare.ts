import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { deviceOf } from "./device";
import { Failure } from "./failure";
import { writeWhole } from "./files";
import { type Measured, majorityAccuracy, measure } from "./measure";
import { adaptModel } from "./model";
import type { Recipe } from "./recipe";
import { newRunPath } from "./run-folder";
import { openData, openModel, type RunOptions, refuseCircle, runOn } from "./run-recipe";
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

/** Runs recipes one after the other, on the same data and from the same pretrained model. */
export async function compare(
  name: string,
  recipes: readonly Recipe[],
  options: RunOptions = {},
): Promise<FinishedComparison> {
  const [first] = recipes;
  refuseDifferences(recipes);
  refuseCircle(first, options);
  const folder = options.folder ?? newRunPath(options.runs ?? "runs", name);
  const device = options.device ?? deviceOf(first);
  const task = await openData(first, options);
  const base = await openModel(first, task, { ...options, device });
  const as = (part: string) => ({ ...options, watch: within(options.watch ?? {}, part) });

  const asIs = { ...first, strategy: { name: "standard" as const, except: [] } };
  const before = await measure(
    adaptModel(base, asIs).to(device),
    task,
    first,
    as("not adapted").watch,
  );
  const results: RunResult[] = [];
  for (const recipe of recipes) {
    const own = { ...as(recipe.name), folder: join(folder, recipe.name) };
    results.push((await runOn({ task, base }, recipe, own)).result);
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

/** Only what was learnt from the same can be compared. */
function refuseDifferences([first, ...others]: readonly Recipe[]): void {
  for (const other of others) {
    const differing = (["data", "model"] as const).filter(
      (section) => !isDeepStrictEqual(first[section], other[section]),
    );
    if (differing.length === 0) continue;
    throw new Failure(`${first.name} and ${other.name} differ in ${differing.join(" and ")}`, {
      next: "compare recipes that start from the same model and learn from the same data",
    });
  }
}
