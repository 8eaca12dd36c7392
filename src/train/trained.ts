import { likeCheckpoint } from "./base-model";
import { loadWeights } from "./checkpoint";
import { adaptModel, type TrainedModel } from "./model";
import type { Recipe } from "./recipe";

/** The model of a checkpoint, as its recipe made it. */
export function openTrained(checkpoint: string, recipe: Recipe): TrainedModel {
  const model = adaptModel(likeCheckpoint(checkpoint), recipe);
  loadWeights(checkpoint, model);
  return model;
}
