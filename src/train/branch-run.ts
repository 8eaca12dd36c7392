import { cpSync, existsSync } from "node:fs";
import { checkOptions } from "../torch/errors";
import { readMade } from "./checkpoint";
import { deviceOf } from "./device";
import { describeEnvironment } from "./environment";
import { Failure } from "./failure";
import { linkedName } from "./files";
import type { Recipe } from "./recipe";
import {
  type Difference,
  describeDifferences,
  differences,
  fingerprintOf,
  isFree,
  isOfTheStart,
} from "./recipe-differences";
import { isAdaptive, steeringOf } from "./recipe-strategy";
import { resumeRun } from "./resume-run";
import { type CheckpointName, newRunPath, RunFolder } from "./run-folder";
import type { FinishedRun, RunOptions } from "./run-recipe";

/** Where a branch comes from: `branch.json` in its folder. */
export interface Branch {
  /** The folder of the run that it began in. */
  readonly parent: string;
  /** Steps that the parent had taken. */
  readonly step: number;
  /** Of the parent's recipe and data. */
  readonly fingerprint: string;
  readonly differences: readonly Difference[];
  /** Whether it ends as a run of its recipe would that began at step 0. */
  readonly asFromTheStart: boolean;
}

export interface BranchOptions extends Omit<RunOptions, "folder"> {
  /** What is to differ from the parent's recipe. */
  readonly overrides?: readonly string[];
  /** Which of the parent's checkpoints it starts from; the last by default. */
  readonly checkpoint?: CheckpointName;
}

/**
 * Goes on from a checkpoint of a run in a folder of its own, with more steps or other settings, and leaves
 * that run as it is. With nothing changed it ends as the run itself would, to the bit.
 *
 * @throws Failure where there are no steps left, and for settings of how the model is made.
 */
export async function branchRun(path: string, given: BranchOptions = {}): Promise<FinishedRun> {
  const {
    overrides = [],
    checkpoint = "last",
    runs = "runs",
    ...options
  } = checkOptions("branchRun", given, [
    "overrides",
    "checkpoint",
    "device",
    "runs",
    "cache",
    "fromOverrides",
    "watch",
  ]);
  const parent = RunFolder.open(path);
  const from = parent.checkpoint(checkpoint);
  if (!existsSync(from)) {
    throw new Failure("the run has no checkpoint to branch from", {
      where: from,
      next: "start it again: `adaptune train` with the run's folder",
    });
  }
  const made = readMade(from);
  if (!made) {
    throw new Failure("the checkpoint does not say what made it: an earlier adaptune wrote it", {
      where: from,
      next: "go on with the run itself, or start another",
    });
  }
  const recipe = parent.recipe(overrides);
  const changed = differences(made.recipe, recipe);
  refuseStart(changed, recipe, parent);
  refuseEnd(made.step, recipe, parent);

  const device = options.device ?? deviceOf(recipe);
  const folder = RunFolder.create(
    newRunPath(runs, recipe.name),
    recipe,
    describeEnvironment(recipe.train.precision, device),
  );
  folder.writeBranch({
    parent: parent.path,
    step: made.step,
    fingerprint: fingerprintOf(made.recipe, made.data),
    differences: changed,
    asFromTheStart: isAsFromTheStart(changed, recipe, made.step),
  });
  if (isMeasuredAlike(changed)) {
    for (const file of ["metrics.jsonl", "decisions.jsonl"]) {
      if (existsSync(parent.file(file))) cpSync(parent.file(file), folder.file(file));
    }
    if (linkedName(parent.checkpoint("best"))) folder.copyCheckpoint(parent, "best", "best");
  }
  folder.copyCheckpoint(parent, checkpoint, "last");
  return resumeRun(folder.path, { ...options, device });
}

/** What a branch is, in words for who watches it. */
export function describeBranch({ parent, step, differences: all, asFromTheStart }: Branch): string {
  const what = `a branch of ${parent} after step ${step}`;
  if (all.length === 0) return `${what}, with nothing changed`;
  const whole = asFromTheStart
    ? "as a run of these settings from its start"
    : `unlike a run of these settings from its start, whose first ${step} steps would differ`;
  return `${what}, ${whole}:\n${describeDifferences(all)}`;
}

function refuseStart(changed: readonly Difference[], recipe: Recipe, { path }: RunFolder): void {
  const problems = changed.filter((one) => isOfTheStart(one, recipe));
  if (problems.length === 0) return;
  throw new Failure(
    `the model is made already: a branch cannot change\n${describeDifferences(problems)}`,
    { where: path, next: "leave that out, or start another run with `adaptune train RECIPE`" },
  );
}

function refuseEnd(step: number, { train }: Recipe, { path }: RunFolder): void {
  if (train.steps > step) return;
  throw new Failure(`the checkpoint has ${step} steps, and train.steps is ${train.steps}`, {
    where: path,
    next: `say how many steps there are to be in all, as in train.steps=${2 * step}`,
  });
}

/** Whether accuracies of the parent can be compared with the branch's: its best may be the best of all. */
function isMeasuredAlike(changed: readonly Difference[]): boolean {
  return !changed.some(({ key }) => /^(data|evaluation)\./.test(key));
}

/**
 * Whether all steps before were what they would have been with the new settings: more of them alone change
 * neither a warm-up nor a temperature that stays.
 */
function isAsFromTheStart(changed: readonly Difference[], recipe: Recipe, step: number): boolean {
  const lasting = changed.filter((one) => !isFree(one, recipe));
  if (lasting.some(({ key }) => key !== "train.steps")) return false;
  if (lasting.length === 0) return true;
  if (step > recipe.train.warmup) return false;
  if (!isAdaptive(recipe.strategy)) return true;
  const { warmup = step } = steeringOf(recipe.strategy) ?? {};
  return step <= warmup && typeof recipe.strategy.gate.temperature === "number";
}
