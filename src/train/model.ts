import {
  type AdaptedModel,
  adapt,
  alternative,
  biases,
  type GateOptions,
  headOnly,
  lastK,
  layers,
  lora,
  lowRank,
  type PolicyOptions,
  type Strategy,
  standard,
  strategies,
} from "../adaptive";
import { LxmertForQuestionAnswering } from "../models";
import * as torch from "../torch";
import type { QuestionAnswering } from "./base-model";
import type { Recipe } from "./recipe";
import { type AdaptiveRecipe, isAdaptive } from "./recipe-strategy";

export type TrainedModel = AdaptedModel<QuestionAnswering>;

/**
 * Makes a model trainable as a recipe's strategy and precision say; the given model stays as it is.
 * The policy is in single precision whatever the model is in: its scores decide.
 */
export function adaptModel(
  model: QuestionAnswering,
  recipe: Pick<Recipe, "seed" | "execution" | "strategy" | "train">,
): TrainedModel {
  torch.manualSeed(recipe.seed);
  const adapted = adaptedModel(model, recipe);
  adapted.model.to(recipe.train.precision);
  return adapted;
}

function adaptedModel(
  model: QuestionAnswering,
  { execution, strategy, train }: Pick<Recipe, "execution" | "strategy" | "train">,
): TrainedModel {
  const plan = planOf(strategy);
  if (!isAdaptive(strategy)) return adapt(model, plan, { execution });
  if (strategy.policy.kind === "lxmert" && !(model instanceof LxmertForQuestionAnswering)) {
    throw new Error("a policy of kind lxmert reads an LXMERT's words and regions: this is VL-BERT");
  }
  return adapt(model, plan, {
    policy: policyOf(strategy.policy),
    gate: gateOf(strategy.gate, train.steps),
    execution,
  });
}

function planOf(strategy: Recipe["strategy"]): Strategy {
  if (strategy.name === "standard") return standard({ except: strategy.except });
  const parts = { head: strategy.head ?? undefined, also: strategy.also };
  switch (strategy.name) {
    case "SpotTune":
    case "SpotTune_Block":
    case "SpotTune_Res":
      return strategies[strategy.name]({ tuned: twins[strategy.tuned], ...parts });
    case "LoRA": {
      const { rank, alpha, targets } = strategy;
      return lora({ rank, alpha, targets, ...parts });
    }
    case "last-k":
      return lastK({ k: strategy.k, ...parts });
    case "layers":
      return layers({ blocks: strategy.blocks, ...parts });
    case "frozen": // a script's frozen model has no head that trains, a recipe's has
      return { ...headOnly(parts), name: "frozen" };
    default:
      return strategies[strategy.name](parts);
  }
}

/** What finetuned twins can be. */
const twins = { copy: alternative.tuned, "low-rank": lowRank(), biases } as const;

/** The policy without how it trains. */
function policyOf(policy: AdaptiveRecipe["policy"]): PolicyOptions {
  switch (policy.kind) {
    case "random":
      return { kind: policy.kind, initially: policy.usage, seed: policy.seed };
    case "given":
      return { kind: policy.kind, decisions: policy.decisions! };
    case "constant":
      return { kind: policy.kind, initially: policy.initially };
    case "pooled": {
      const { kind, hiddenSizes, embeddings, initially } = policy;
      return { kind, hiddenSizes, embeddings, initially };
    }
    case "lxmert": {
      const { kind, languageLayers, relationalLayers, crossLayers } = policy;
      return { kind, languageLayers, relationalLayers, crossLayers, ...networkOf(policy) };
    }
    case "transformer":
      return { kind: policy.kind, layers: policy.layers, ...networkOf(policy) };
  }
}

function networkOf({
  hiddenSize,
  heads,
  intermediateSize,
  dropout,
  embeddings,
  initially,
}: Extract<AdaptiveRecipe["policy"], { heads: number }>) {
  return { hiddenSize, heads, intermediateSize, dropout, embeddings, initially };
}

/** The gate, whose schedule is as long as the training. */
function gateOf(
  { temperature, estimator, counterfactuals, curriculum }: AdaptiveRecipe["gate"],
  steps: number,
): GateOptions {
  return {
    temperature:
      typeof temperature === "number"
        ? temperature
        : { schedule: temperature.schedule, start: temperature.start, end: temperature.end, steps },
    estimator:
      estimator.kind === "reinforce"
        ? { kind: estimator.kind, explore: estimator.explore }
        : estimator,
    counterfactuals,
    ...(curriculum && { curriculum }),
  };
}
