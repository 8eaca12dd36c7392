import { existsSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import { exportAdapted, type Mask, readMask as readMaskFile } from "../adaptive";
import { checkOptions } from "../torch/errors";
import { readMade, readMask } from "./checkpoint";
import { explaining, Failure } from "./failure";
import type { TrainedModel } from "./model";
import { refuseEdited } from "./resume-run";
import { type CheckpointName, RunFolder } from "./run-folder";
import { openTrained } from "./trained";

export interface ExportRunOptions {
  readonly checkpoint?: CheckpointName;
  /**
   * One mask for all inputs, under which a plain model is written: an alternative for all sites, a
   * JSON file, `majority` for what most inputs of validation picked, `usage` for what training did.
   */
  readonly merge?: string;
}

export interface ExportedRun {
  readonly folder: string;
  /** Whether `Model.fromPretrained` reads it; else `loadAdapted` does. */
  readonly plain: boolean;
}

/** Writes a run's model into a folder of its own. @throws Failure where there is something in it. */
export function exportRun(
  path: string,
  folder: string,
  options: ExportRunOptions = {},
): ExportedRun {
  const { checkpoint = "best", merge } = checkOptions("exportRun", options, [
    "checkpoint",
    "merge",
  ]);
  const run = RunFolder.open(path);
  const to = resolve(folder);
  if (existsSync(to) && readdirSync(to).length > 0) {
    throw new Failure("there is something in the folder already", {
      where: to,
      next: "name another folder, or remove this one",
    });
  }
  const at = run.checkpoint(checkpoint);
  const recipe = run.recipe();
  const made = existsSync(at) ? readMade(at) : null;
  if (made) refuseEdited(run, made, recipe);
  const model = openTrained(at, recipe);
  const hints = {
    where: merge === undefined ? run.path : `--merge ${merge}`,
    next: "masks are an alternative, a JSON file, majority, or usage",
  };
  explaining(hints, () => {
    const mask = merge === undefined ? undefined : maskOf(merge, run, at, model);
    exportAdapted(model, to, { mask });
  });
  return { folder: to, plain: merge !== undefined || model.sites.length === 0 };
}

function maskOf(merge: string, run: RunFolder, checkpoint: string, model: TrainedModel): Mask {
  if (model.sites.length === 0) throw new Error("the run decides nothing: it needs no mask");
  if (merge === "majority") return readMaskFile(run.file("mask.json"));
  if (merge === "usage") return readMask(checkpoint, model.space)!;
  return merge.endsWith(".json") ? readMaskFile(merge) : merge;
}
