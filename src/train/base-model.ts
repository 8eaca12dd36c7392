import type { Dataset } from "../data";
import {
  LxmertConfig,
  LxmertForQuestionAnswering,
  Model,
  type PretrainedOptions,
  VLBertConfig,
  VLBertForQuestionAnswering,
} from "../models";
import { findCheckpoint, readConfig } from "../models/checkpoint";
import * as torch from "../torch";
import { Failure } from "./failure";
import type { Recipe } from "./recipe";

/** The models that recipes train: named inputs to logits [B,A]. */
export type QuestionAnswering = VLBertForQuestionAnswering | LxmertForQuestionAnswering;

export type Architecture = NonNullable<Recipe["model"]["type"]>;

/** Entries of a model's configuration by their names in `config.json`. */
type Values = Readonly<Record<string, unknown>>;

/** What differs between the models: their class, and what their sizes are called. */
const architectures = {
  "vl-bert": {
    make: (values: Values) => new VLBertForQuestionAnswering(new VLBertConfig(values)),
    read: (path: string, options: PretrainedOptions) =>
      VLBertForQuestionAnswering.fromPretrained(path, options),
    sizes: ({ vocabulary, regionWidth, answers }: Dataset) => ({
      vocab_size: vocabulary.size,
      visual_size: regionWidth,
      num_answers: answers.length,
      mask_token_id: vocabulary.maskId,
    }),
  },
  lxmert: {
    make: (values: Values) => new LxmertForQuestionAnswering(new LxmertConfig(values)),
    read: (path: string, options: PretrainedOptions) =>
      LxmertForQuestionAnswering.fromPretrained(path, options),
    sizes: ({ vocabulary, regionWidth, answers }: Dataset) => ({
      vocab_size: vocabulary.size,
      visual_feat_dim: regionWidth,
      num_qa_labels: answers.length,
    }),
  },
} as const satisfies Record<Architecture, unknown>;

/** A model from scratch, of the recipe's size and as wide as the data asks. */
export function newModel(
  { seed, model }: Pick<Recipe, "seed" | "model">,
  dataset: Dataset,
): QuestionAnswering {
  torch.manualSeed(seed);
  const { make, sizes } = architectures[model.type ?? "vl-bert"];
  return make({ ...model.config, ...sizes(dataset) });
}

/** A model with fresh weights as the `config.json` in a checkpoint's folder describes it. */
export function likeCheckpoint(folder: string): QuestionAnswering {
  return Model.fromConfig(folder) as QuestionAnswering;
}

/** Reads a pretrained model; where it has no `config.json`, `type` says what it is. */
export function readModel(
  path: string,
  type: Architecture | undefined,
  options: PretrainedOptions,
): QuestionAnswering {
  const { config } = findCheckpoint(path, { configNeeded: type === undefined });
  const found = config ? readConfig(config).model_type : type;
  const names = Object.keys(architectures);
  if (!isKnown(found) || (type && type !== found)) {
    throw new Failure(`this is a model of type ${found}, asked for ${type ?? names.join(" or ")}`, {
      where: path,
      next: `leave model.type out; recipes know ${names.join(" and ")}, scripts all models`,
    });
  }
  return architectures[found].read(path, options);
}

/** Throws where a pretrained model does not fit the data. */
export function checkFits(model: QuestionAnswering, dataset: Dataset, from: string): void {
  const type = model instanceof LxmertForQuestionAnswering ? "lxmert" : "vl-bert";
  const config = model.config as unknown as Values;
  const problems = Object.entries(architectures[type].sizes(dataset))
    .filter(([name, size]) => config[name] !== size)
    .map(([name, size]) => `${name} is ${config[name]}, the data's is ${size}`);
  if (problems.length === 0) return;
  throw new Failure(`the pretrained model does not fit the data: ${problems.join("; ")}`, {
    where: from,
    next: "give model.from a model that was trained on data of the same sizes",
  });
}

function isKnown(type: unknown): type is Architecture {
  return typeof type === "string" && Object.hasOwn(architectures, type);
}
