import { existsSync } from "node:fs";
import type * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import { readMade, readMask } from "./checkpoint";
import { isHere } from "./device";
import { computeAsIn } from "./environment";
import { type Evaluation, evaluate } from "./evaluate";
import { withFeatures } from "./features";
import type { Recipe } from "./recipe";
import { refuseEdited } from "./resume-run";
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

export interface EvaluateRunOptions extends Pick<RunOptions, "cache" | "watch" | "device"> {
  readonly checkpoint?: CheckpointName;
  /** How it computes, in place of what the recipe says: accuracies are the same, but for rounding. */
  readonly execution?: Recipe["execution"];
}

/** Measures a run's checkpoint again; the best one's validation accuracy is the recorded one. */
export async function evaluateRun(
  path: string,
  given: EvaluateRunOptions = {},
): Promise<RunEvaluation> {
  const {
    checkpoint = "best",
    execution,
    ...options
  } = checkOptions("evaluateRun", given, ["checkpoint", "execution", "device", "cache", "watch"]);
  const folder = RunFolder.open(path);
  const own = folder.recipe();
  const recipe = { ...own, execution: execution ?? own.execution };
  const at = folder.checkpoint(checkpoint);
  const made = existsSync(at) ? readMade(at) : null;
  if (made) refuseEdited(folder, made, own);
  const recorded = checkpoint === "best" ? folder.result<RunResult>().validation.accuracy : null;
  const environment = folder.environment();
  const task = await openData({ ...recipe, threads: environment.threads }, options);
  computeAsIn(environment);
  const device = deviceHere(environment.device, options);
  const model = openTrained(at, recipe).to(device);
  const measured = { ...task, train: [], trainProbe: [], source: null };
  const validation = await withFeatures({ task: measured, recipe, device }, ({ dataset }) =>
    evaluate(model, dataset, task.validation, {
      batchSize: recipe.evaluation.batchSize,
      mask: maskOf(recipe, () => readMask(at, model.space)),
      controls: recipe.evaluation.controls,
      onProgress: (done, total) =>
        options.watch?.progress?.({ phase: "measuring", done, total, unit: "examples" }),
    }),
  );
  folder.writeEvaluation(checkpoint, validation);
  return { folder, recipe, checkpoint, validation, recorded };
}

/** Whether a measurement does not contradict what the run wrote down. */
export function isAsRecorded({ recorded, validation }: RunEvaluation): boolean {
  return recorded === null || recorded === validation.accuracy;
}

/** The device of a run that is measured again, or another one where that is not here. */
function deviceHere(recorded: torch.Device = "cpu", { device, watch }: EvaluateRunOptions) {
  if (device) return device;
  if (isHere(recorded)) return recorded;
  watch?.note?.(`the run computed on ${recorded}, which is not here: measured on the CPU instead`);
  return "cpu";
}
