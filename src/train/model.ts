import {
  type AdaptedModel,
  adapt,
  alternative,
  biases,
  lastK,
  layers,
  lora,
  lowRank,
  type Strategy,
  standard,
  strategies,
  type Temperature,
} from "../adaptive";
import type { Dataset } from "../data";
import { VLBertConfig, VLBertForQuestionAnswering } from "../models";
import * as torch from "../torch";
import { Failure } from "./failure";
import type { Recipe } from "./recipe";
import { isAdaptive } from "./recipe-strategy";

export type TrainedModel = AdaptedModel<VLBertForQuestionAnswering>;

/** What a model's configuration says, by the names of its checkpoint. */
export type ModelValues = Readonly<Record<string, unknown>>;

/** A model from scratch, of the recipe's size and as wide as the data asks. */
export function newModel(
  { seed, model }: Pick<Recipe, "seed" | "model">,
  dataset: Dataset,
): VLBertForQuestionAnswering {
  torch.manualSeed(seed);
  return makeModel(model.type, { ...model.config, ...sizesOf(dataset) });
}

/** A model of a configuration, with fresh weights. */
export function makeModel(
  type: Recipe["model"]["type"],
  values: ModelValues,
): VLBertForQuestionAnswering {
  return makers[type](values);
}

/** Makes a model trainable as a recipe's strategy says; the given model stays as it is. */
export function adaptModel(
  model: VLBertForQuestionAnswering,
  recipe: Pick<Recipe, "seed" | "strategy" | "train">,
): TrainedModel {
  torch.manualSeed(recipe.seed);
  const { strategy } = recipe;
  const plan = planOf(strategy);
  if (!isAdaptive(strategy)) return adapt(model, plan);
  const { policy, gate } = strategy;
  return adapt(model, plan, {
    policy: {
      layers: policy.layers,
      hiddenSize: policy.hiddenSize,
      heads: policy.heads,
      intermediateSize: policy.intermediateSize,
      dropout: policy.dropout,
      initially: policy.initially,
    },
    gate: { temperature: schedule(gate.temperature, recipe.train.steps) },
  });
}

/** Throws where a pretrained model does not fit the data. */
export function checkFits(model: VLBertForQuestionAnswering, dataset: Dataset, from: string): void {
  const config = model.config as unknown as ModelValues;
  const problems = Object.entries(sizesOf(dataset))
    .filter(([name, size]) => config[name] !== size)
    .map(([name, size]) => `${name} is ${config[name]}, the data's is ${size}`);
  if (problems.length === 0) return;
  throw new Failure(`the pretrained model does not fit the data: ${problems.join("; ")}`, {
    where: from,
    next: "give model.from a model that was trained on data of the same sizes",
  });
}

const makers = {
  "vl-bert": (values: ModelValues) => new VLBertForQuestionAnswering(new VLBertConfig(values)),
} as const satisfies Record<
  Recipe["model"]["type"],
  (values: ModelValues) => VLBertForQuestionAnswering
>;

function sizesOf({ vocabulary, regionWidth, answers }: Dataset) {
  return {
    vocab_size: vocabulary.size,
    visual_size: regionWidth,
    num_answers: answers.length,
    mask_token_id: vocabulary.maskId,
  };
}

function planOf(strategy: Recipe["strategy"]): Strategy {
  switch (strategy.name) {
    case "SpotTune":
    case "SpotTune_Block":
    case "SpotTune_Res": {
      const { name, tuned, head, also } = strategy;
      return strategies[name]({ tuned: twins[tuned], head, also });
    }
    case "LoRA": {
      const { rank, alpha, targets, head, also } = strategy;
      return lora({ rank, alpha, targets, head, also });
    }
    case "last-k":
      return lastK({ k: strategy.k, head: strategy.head, also: strategy.also });
    case "layers":
      return layers({ blocks: strategy.blocks, head: strategy.head, also: strategy.also });
    case "standard":
      return standard({ except: strategy.except });
    default:
      return strategies[strategy.name]({ head: strategy.head, also: strategy.also });
  }
}

/** What finetuned twins can be. */
const twins = { copy: alternative.tuned, "low-rank": lowRank(), biases } as const;

/** A straight line from start to end over all steps, or the one number. */
function schedule(
  temperature: number | { readonly start: number; readonly end: number },
  steps: number,
): Temperature {
  if (typeof temperature === "number") return temperature;
  const { start, end } = temperature;
  return (step) => start + (end - start) * Math.min(1, step / Math.max(1, steps - 1));
}
