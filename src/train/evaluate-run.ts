import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadWeights } from "./checkpoint";
import { type Evaluation, evaluate } from "./evaluate";
import type { TrainedModel } from "./model";
import { adaptModel, type ModelValues, makeModel } from "./model";
import type { Recipe } from "./recipe";
import { type CheckpointName, RunFolder } from "./run-folder";
import { openData, type RunOptions } from "./run-recipe";
import type { RunResult } from "./train";

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
}

/** Measures a run's checkpoint again; the best one's validation accuracy is the recorded one. */
export async function evaluateRun(
  path: string,
  { checkpoint = "best", ...options }: EvaluateRunOptions = {},
): Promise<RunEvaluation> {
  const folder = RunFolder.open(path);
  const recipe = folder.recipe();
  const recorded = checkpoint === "best" ? folder.result<RunResult>().validation.accuracy : null;
  const { threads } = folder.environment();
  const task = await openData({ ...recipe, threads }, options);
  const model = openTrained(folder.checkpoint(checkpoint), recipe);
  const validation = await evaluate(model, task.dataset, task.validation, {
    batchSize: recipe.evaluation.batchSize,
    onProgress: (done, total) =>
      options.watch?.progress?.({ phase: "measuring", done, total, unit: "examples" }),
  });
  return { folder, recipe, checkpoint, validation, recorded };
}

/** The model of a checkpoint, as its recipe made it. */
function openTrained(folder: string, recipe: Recipe): TrainedModel {
  const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
  const { model_type: _, architectures: __, ...values } = config as ModelValues;
  const model = adaptModel(makeModel(recipe.model.type, values), recipe);
  loadWeights(folder, model);
  return model;
}
