import { readMask } from "./checkpoint";
import { computeAsIn } from "./environment";
import { type Evaluation, evaluate } from "./evaluate";
import type { Recipe } from "./recipe";
import { type CheckpointName, RunFolder } from "./run-folder";
import { openData, type RunOptions } from "./run-recipe";
import { maskOf, type RunResult } from "./train";
import { openTrained } from "./trained";

export interface RunEvaluation {
  readonly folder: RunFolder;
  readonly recipe: Recipe;
  readonly checkpoint: CheckpointName;
  readonly validation: Evaluation;
  /** The validation accuracy that the run wrote down for its best checkpoint; null for others. */
  readonly recorded: number | null;
}

export interface EvaluateRunOptions extends Pick<RunOptions, "cache" | "watch"> {
  readonly checkpoint?: CheckpointName;
  /** How it computes, in place of what the recipe says: accuracies are the same, but for rounding. */
  readonly execution?: Recipe["execution"];
}

/** Measures a run's checkpoint again; the best one's validation accuracy is the recorded one. */
export async function evaluateRun(
  path: string,
  { checkpoint = "best", execution, ...options }: EvaluateRunOptions = {},
): Promise<RunEvaluation> {
  const folder = RunFolder.open(path);
  const own = folder.recipe();
  const recipe = { ...own, execution: execution ?? own.execution };
  const recorded = checkpoint === "best" ? folder.result<RunResult>().validation.accuracy : null;
  const environment = folder.environment();
  const task = await openData({ ...recipe, threads: environment.threads }, options);
  computeAsIn(environment);
  const at = folder.checkpoint(checkpoint);
  const model = openTrained(at, recipe);
  const validation = await evaluate(model, task.dataset, task.validation, {
    batchSize: recipe.evaluation.batchSize,
    mask: maskOf(recipe, () => readMask(at, model.space)),
    controls: recipe.evaluation.controls,
    onProgress: (done, total) =>
      options.watch?.progress?.({ phase: "measuring", done, total, unit: "examples" }),
  });
  folder.writeEvaluation(checkpoint, validation);
  return { folder, recipe, checkpoint, validation, recorded };
}
