import { compare, type FinishedComparison } from "./compare";
import { readRecipe } from "./recipe-file";
import type { RunOptions } from "./run-recipe";
import { findRecipe } from "./shipped";

const ADAPTATIONS = ["frozen", "standard", "spottune-block"] as const;

/** A model as small and a training as short as can be: seconds, and accuracies without meaning. */
const TINY = {
  both: [
    "threads=1",
    "data.concepts=120",
    "data.imageSize=16",
    "data.grid=2",
    "evaluation.every=10",
    "evaluation.trainExamples=60",
    "train.batchSize=32",
    "train.warmup=2",
  ],
  source: [
    "train.steps=30",
    "model.config.hidden_size=32",
    "model.config.num_hidden_layers=2",
    "model.config.num_attention_heads=2",
    "model.config.intermediate_size=64",
  ],
  adaptation: ["train.steps=20", "data.trainConcepts=null"],
  frozen: [],
  standard: [],
  "spottune-block": ["strategy.policy.warmup=2", "strategy.policy.hiddenSize=16"],
};

/**
 * The main job: trains VL-BERT on Noto, then adapts it to OpenMoji frozen, finetuned, and with
 * SpotTune_Block. The recipes are those in recipes/; `tiny` makes everything smaller.
 */
export function runDemo(
  options: Omit<RunOptions, "fromOverrides"> & { readonly tiny?: boolean } = {},
): Promise<FinishedComparison> {
  const { tiny = false, ...rest } = options;
  const recipes = ADAPTATIONS.map((name) =>
    readRecipe(findRecipe(name), tiny ? [...TINY.both, ...TINY.adaptation, ...TINY[name]] : []),
  );
  const fromOverrides = tiny ? [...TINY.both, ...TINY.source] : [];
  return compare("demo", recipes, { ...rest, fromOverrides });
}
