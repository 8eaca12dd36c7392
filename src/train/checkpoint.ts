import { existsSync } from "node:fs";
import { join } from "node:path";
import { type DecisionSpace, RunningUsage } from "../adaptive";
import { exportAdapted, standInsOutsideSites } from "../adaptive/export";
import { writePretrained } from "../models/model";
import type { SchedulerState } from "../optim";
import * as torch from "../torch";
import { Failure } from "./failure";
import { makeWholeFolder } from "./files";
import type { TrainedModel } from "./model";
import type { OptimizationState } from "./optimization";
import type { Recipe } from "./recipe";
import { completed } from "./recipe-differences";
import type { TrainerState } from "./trainer";

/** What a checkpoint was trained by. */
export interface MadeBy {
  readonly recipe: Recipe;
  /** The fingerprint of the data. */
  readonly data: string;
}

const WEIGHTS = "model.safetensors";
const STATE = "state.safetensors";
const USAGE = "usage.safetensors";

/**
 * Writes a checkpoint: a folder that appears whole or not at all.
 *
 *     config.json          of the model
 *     adaptive.json        sites, alternatives, policy and gate, where there is a policy
 *     model.safetensors    all weights: frozen, tuned, the policy's
 *     state.safetensors    what going on needs: optimizers, schedules, random state, data position
 *     usage.safetensors    how often each alternative was picked in training
 *
 * Under a static strategy that is a pretrained model as `Model.fromPretrained` reads it, under another
 * an adaptive one as `AdaptedModel.fromPretrained` does.
 */
export function writeCheckpoint(
  folder: string,
  model: TrainedModel,
  state: TrainerState,
  by: MadeBy,
): void {
  makeWholeFolder(folder, (partial) => {
    torch.scope(() => {
      if (model.sites.length > 0) exportAdapted(model, partial);
      else writePretrained(partial, model.model, model, standInsOutsideSites(model.model));
      const { tensors, numbers } = flatten(state);
      const metadata = { trainer: JSON.stringify(numbers), madeBy: JSON.stringify(by) };
      torch.save(tensors, join(partial, STATE), { metadata });
      if (state.usage) torch.save(state.usage, join(partial, USAGE));
    });
  });
}

/** Puts a checkpoint's weights into a model made by the same recipe. */
export function loadWeights(folder: string, model: TrainedModel): void {
  const file = join(folder, WEIGHTS);
  if (!existsSync(file)) throw new Failure("there is no such checkpoint", { where: file });
  torch.scope(() => model.loadStateDict(torch.load(file)));
}

/** What a checkpoint was trained by; null where an earlier version wrote it. */
export function readMade(folder: string): (MadeBy & { readonly step: number }) | null {
  const { trainer, madeBy } = torch.loadMetadata(join(folder, STATE));
  if (madeBy === undefined) return null;
  const { recipe, data } = JSON.parse(madeBy) as MadeBy;
  const { step } = JSON.parse(trainer) as TrainerNumbers;
  return { recipe: completed(recipe), data, step };
}

/** Reads what a trainer needs to go on. */
export function readTrainerState(folder: string): TrainerState {
  const file = join(folder, STATE);
  if (!existsSync(file)) throw new Failure("there is no such checkpoint", { where: file });
  const numbers = JSON.parse(torch.loadMetadata(file).trainer) as TrainerNumbers;
  return { ...unflatten(torch.load(file), numbers), usage: readUsage(folder) };
}

/** What training picked most at every site; null where nothing is decided. */
export function readMask(folder: string, space: DecisionSpace): readonly number[] | null {
  const state = readUsage(folder);
  if (!state) return null;
  return torch.scope(() => {
    const usage = new RunningUsage(space);
    usage.loadStateDict(state);
    return usage.mask();
  });
}

function readUsage(folder: string): TrainerState["usage"] {
  const file = join(folder, USAGE);
  return existsSync(file) ? torch.load(file) : null;
}

/** A trainer's state without its tensors. */
interface TrainerNumbers
  extends Omit<TrainerState, "model" | "policy" | "usage" | "rng" | "deviceRng"> {
  readonly model: OptimizationNumbers;
  readonly policy: OptimizationNumbers | null;
}

interface OptimizationNumbers {
  readonly groups: OptimizationState["optimizer"]["groups"];
  readonly scheduler: SchedulerState;
}

type Tensors = Record<string, torch.Tensor>;

function flatten({ model, policy, usage: _, rng, deviceRng, ...rest }: TrainerState) {
  const tensors: Tensors = {
    rng,
    ...(deviceRng && { deviceRng }),
    ...prefixed("model", model.optimizer.tensors),
  };
  if (policy) Object.assign(tensors, prefixed("policy", policy.optimizer.tensors));
  const numbers: TrainerNumbers = {
    ...rest,
    model: numbersOf(model),
    policy: policy && numbersOf(policy),
  };
  return { tensors, numbers };
}

function unflatten(
  tensors: Tensors,
  { model, policy, ...rest }: TrainerNumbers,
): Omit<TrainerState, "usage"> {
  const optimization = (name: string, { groups, scheduler }: OptimizationNumbers) => ({
    optimizer: { tensors: withPrefix(name, tensors), groups },
    scheduler,
  });
  return {
    ...rest,
    model: optimization("model", model),
    policy: policy && optimization("policy", policy),
    rng: tensors.rng,
    deviceRng: tensors.deviceRng ?? null,
  };
}

function numbersOf({ optimizer, scheduler }: OptimizationState): OptimizationNumbers {
  return { groups: optimizer.groups, scheduler };
}

function prefixed(name: string, tensors: Readonly<Tensors>): Tensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([key, tensor]) => [`${name}.${key}`, tensor]),
  );
}

function withPrefix(name: string, tensors: Readonly<Tensors>): Tensors {
  const below = `${name}.`;
  return Object.fromEntries(
    Object.entries(tensors)
      .filter(([key]) => key.startsWith(below))
      .map(([key, tensor]) => [key.slice(below.length), tensor]),
  );
}
