import { existsSync } from "node:fs";
import type * as torch from "../torch";
import { readTrainerState } from "./checkpoint";
import { describeDevice, deviceOf, isHere } from "./device";
import { computeAsIn } from "./environment";
import { Failure } from "./failure";
import { withFeatures } from "./features";
import { adaptModel } from "./model";
import { RunFolder } from "./run-folder";
import { type FinishedRun, openData, openModel, type RunOptions } from "./run-recipe";
import { train } from "./train";
import { openTrained } from "./trained";

export interface ResumeOptions extends Omit<RunOptions, "runs" | "folder"> {
  /** What was said to differ from the recipe: nothing may. */
  readonly overrides?: readonly string[];
}

/** The device of a run, where it is here; null where another has to do. */
function whereItWas(device: torch.Device = "cpu"): torch.Device | null {
  return isHere(device) ? device : null;
}

/**
 * Goes on with a run from its newest checkpoint, or from the beginning where there is none: it ends
 * as it would have without the interruption, to the bit, on the same machine and libraries.
 *
 * @throws Failure where the run came to its end, and where it is to be another.
 */
export async function resumeRun(
  path: string,
  { overrides = [], ...options }: ResumeOptions = {},
): Promise<FinishedRun> {
  const folder = RunFolder.open(path);
  if (overrides.length > 0) {
    throw new Failure(`a run goes on by its own recipe, not with ${overrides.join(" ")}`, {
      where: folder.path,
      next: "leave that out, or start another run",
    });
  }
  if (folder.hasResult()) {
    throw new Failure("the run came to its end: there is nothing to go on with", {
      where: folder.path,
      next: "measure it again with `adaptune eval`, or start another with `adaptune train`",
    });
  }
  const recipe = folder.recipe();
  const environment = folder.environment();
  const task = await openData({ ...recipe, threads: environment.threads }, options);
  computeAsIn(environment);
  const last = folder.checkpoint("last");
  const from = existsSync(last) ? readTrainerState(last) : null;
  const model = from
    ? openTrained(last, recipe)
    : adaptModel(await openModel(recipe, task, options), recipe);
  const device = options.device ?? whereItWas(environment.device) ?? deviceOf(recipe);
  model.to(device);
  options.watch?.note?.(
    `${recipe.name} goes on after step ${from?.step ?? 0}, on ${describeDevice(device)}`,
  );
  folder.rewind(from?.step ?? 0);
  const result = await withFeatures({ task, recipe, device }, (placed) =>
    train({ recipe, task: placed, model, folder, from }, options.watch),
  );
  return { folder, result };
}
