import { existsSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import type * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import { checkFits } from "./base-model";
import { type Branch, describeBranch } from "./branch-run";
import { type MadeBy, readMade, readTrainerState } from "./checkpoint";
import { describeDevice, deviceOf, isHere } from "./device";
import { computeAsIn } from "./environment";
import { Failure } from "./failure";
import { withFeatures } from "./features";
import { whileLocked } from "./lock";
import { adaptModel } from "./model";
import type { Recipe } from "./recipe";
import { describeDifferences, differences, fingerprintOf, isFree } from "./recipe-differences";
import { RunFolder } from "./run-folder";
import { type FinishedRun, openData, openModel, type RunOptions } from "./run-recipe";
import type { Task } from "./task";
import { train } from "./train";
import { openTrained } from "./trained";

export interface ResumeOptions extends Omit<RunOptions, "runs" | "folder"> {
  /** What is to differ from the recipe: what computes it may, and what is kept. */
  readonly overrides?: readonly string[];
}

/**
 * Goes on with a run from its newest checkpoint, or from the beginning where there is none: it ends
 * as it would have without the interruption, to the bit, on the same machine and libraries.
 *
 * @throws Failure where the run came to its end, and where its recipe or its data are others than those
 * that it was trained by so far, and where another process trains it.
 */
export async function resumeRun(path: string, given: ResumeOptions = {}): Promise<FinishedRun> {
  const { overrides = [], ...options } = checkOptions("resumeRun", given, [
    "overrides",
    "device",
    "cache",
    "fromOverrides",
    "watch",
  ]);
  const folder = RunFolder.open(path);
  return whileLocked(folder.file("lock"), () => goOn(folder, overrides, options));
}

async function goOn(
  folder: RunFolder,
  overrides: readonly string[],
  options: Omit<ResumeOptions, "overrides">,
): Promise<FinishedRun> {
  if (folder.hasResult()) {
    throw new Failure("the run came to its end: there is nothing to go on with", {
      where: folder.path,
      next:
        "measure it again with `adaptune eval`, or go on with more steps in a run of its own: " +
        "`adaptune train --branch-from RUN train.steps=...`",
    });
  }
  const recipe = folder.recipe(overrides);
  const last = folder.checkpoint("last");
  const made = existsSync(last) ? readMade(last) : null;
  const branch = branchAt(folder, made);
  if (made) refuseEdited(folder, made, recipe);
  const changed = new Set((made ? differences(made.recipe, recipe) : []).map(({ key }) => key));

  const environment = folder.environment();
  const threads = changed.has("threads") ? recipe.threads : environment.threads;
  const task = await openData({ ...recipe, threads }, options);
  if (made) refuseOtherData(folder, made, task, branch);
  computeAsIn({ ...environment, ...(threads > 0 && { threads }) });
  const from = existsSync(last) ? readTrainerState(last) : null;
  const model = from
    ? openTrained(last, recipe)
    : adaptModel(await openModel(recipe, task, options), recipe);
  checkFits(model.model, task.dataset, folder.path);
  const recorded = changed.has("device") ? null : whereItWas(environment.device);
  const device = options.device ?? recorded ?? deviceOf(recipe);
  model.to(device);
  if (branch) options.watch?.note?.(describeBranch(branch));
  options.watch?.note?.(
    `${recipe.name} goes on after step ${from?.step ?? 0}, on ${describeDevice(device)}`,
  );
  folder.rewind(from?.step ?? 0);
  const branches = branch !== null;
  const result = await withFeatures({ task, recipe, device }, (placed) =>
    train({ recipe, task: placed, model, folder, from, branches }, options.watch),
  );
  return { folder, result };
}

/**
 * Throws where a run's recipe is not the one that a checkpoint was trained by: what is left of the training
 * would be another. What is free may differ, and at its start a branch does as it says.
 */
export function refuseEdited(folder: RunFolder, made: MadeBy, recipe: Recipe): void {
  const branch = branchAt(folder, made);
  const expected = branch ? branch.differences : [];
  const found = differences(made.recipe, recipe).filter(
    (one) => !isFree(one, recipe) && !expected.some((other) => isDeepStrictEqual(one, other)),
  );
  if (found.length === 0) return;
  const keys = found.map(({ key, now }) => `${key}=${JSON.stringify(now)}`).join(" ");
  throw new Failure(
    `the run was trained by another recipe so far:\n${describeDifferences(found)}`,
    {
      where: folder.file("recipe.yaml"),
      next: `put these back, or let a new run branch from it: \`adaptune train --branch-from RUN ${keys}\``,
    },
  );
}

/** The branch that begins at a checkpoint; null where the run itself made the checkpoint. */
function branchAt(folder: RunFolder, made: MadeBy | null): Branch | null {
  const branch = folder.branch();
  if (!branch) return null;
  if (!made) {
    throw new Failure("the branch was not made to its end: it has no checkpoint to start from", {
      where: folder.path,
      next: `remove it, and branch again from ${branch.parent}`,
    });
  }
  return fingerprintOf(made.recipe, made.data) === branch.fingerprint ? branch : null;
}

function refuseOtherData(
  folder: RunFolder,
  made: MadeBy,
  { fingerprint }: Task,
  branch: Branch | null,
): void {
  if (made.data === fingerprint) return;
  if (branch?.differences.some(({ key }) => key.startsWith("data."))) return;
  throw new Failure(
    `the data are not those that the run was trained on: their fingerprint was ${made.data}, is ${fingerprint}`,
    {
      where: folder.path,
      next: "install the packages of drawings and words as they were, or start another run",
    },
  );
}

/** The device of a run, where it is here; null where another has to do. */
function whereItWas(device: torch.Device = "cpu"): torch.Device | null {
  return isHere(device) ? device : null;
}
