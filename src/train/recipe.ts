import { z } from "zod";
import { EMOJI_STYLES } from "../data/emoji/sources";
import { count, few, positive, share, steering } from "./recipe-fields";
import { isAdaptive, strategy } from "./recipe-strategy";

const domain = z.enum(EMOJI_STYLES as [string, ...string[]]);

const data = z
  .strictObject({
    task: z.enum(["emoji"]).default("emoji").describe("what is learnt: EmojiVQA-Shift"),
    domain: domain.default("noto").describe("the domain that is trained on"),
    source: domain
      .nullable()
      .default(null)
      .describe("another domain whose accuracy is reported: what adapting forgets"),
    concepts: few.describe("only this many concepts in all, for a quick look; null is every one"),
    trainConcepts: few.describe("only this many drawings to train on; null is every one"),
    questionsPerConcept: count(4).describe("yes/no questions about a drawing, beside two others"),
    minTermConcepts: count(5).describe(
      "a word is asked about if so many training concepts have it",
    ),
    imageSize: count(64).describe("side length of the drawings, in pixels"),
    grid: count(4).describe("patches to a side; must divide imageSize"),
    augmentation: z
      .strictObject({
        shift: share(0).describe("largest shift to each side, as a share of the side length"),
        zoom: share(0).describe("largest change of scale: 0.1 draws from 0.9 to 1.1"),
        flip: z.boolean().default(false).describe("mirror every other drawing"),
      })
      .prefault({})
      .describe("random changes of training drawings"),
    seed: z.int().min(0).default(0).describe("of the choice of drawings and questions"),
  })
  .refine(({ imageSize, grid }) => imageSize % grid === 0, {
    path: ["grid"],
    message: "must divide imageSize",
  });

const config = z
  .strictObject({
    hidden_size: count(128).describe("D, width of the hidden states"),
    num_hidden_layers: count(4).describe("blocks"),
    num_attention_heads: count(4).describe("H, a divisor of D"),
    intermediate_size: count(512).describe("width of the feed-forward segments"),
    hidden_dropout_prob: share(0.1).describe("dropout of regions, embeddings, segments and head"),
    attention_probs_dropout_prob: share(0.1).describe("dropout of attention weights"),
    max_position_embeddings: count(64).describe("positions: the longest text and two more"),
    initializer_range: positive(0.02).describe("standard deviation of initial weights"),
    layer_norm_eps: positive(1e-12).describe("added to variances"),
    visual_scale_text_init: z.number().default(0).describe("initial scale of the image in words"),
    visual_scale_object_init: z
      .number()
      .default(0)
      .describe("initial scale of a region's features"),
  })
  .refine(({ hidden_size, num_attention_heads }) => hidden_size % num_attention_heads === 0, {
    path: ["num_attention_heads"],
    message: "must divide hidden_size",
  });

const model = z
  .strictObject({
    type: z.enum(["vl-bert"]).default("vl-bert").describe("the architecture"),
    from: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe("pretrained model: a folder, a run, or a recipe that is trained first and cached"),
    config: config.optional().describe("size of a model from scratch; only without `from`"),
  })
  .refine((value) => value.from === null || value.config === undefined, {
    path: ["config"],
    message: "the pretrained model of `from` has its own: leave out one of the two",
  });

const training = z
  .strictObject({
    steps: count(300).describe("optimizer steps"),
    batchSize: count(64).describe("examples a step"),
    microBatches: count(1).describe("parts that a batch goes through the model in"),
    labelSmoothing: share(0).describe("share of the target spread over all answers"),
    ...steering,
  })
  .refine(({ warmup, steps }) => warmup <= steps, {
    path: ["warmup"],
    message: "must not be above steps",
  })
  .refine(({ microBatches, batchSize }) => microBatches <= batchSize, {
    path: ["microBatches"],
    message: "must not be above batchSize",
  });

/**
 * All that determines a run. Type, default and meaning of a key are said here once: the help text,
 * the JSON Schema for editors and the resolved recipe of a run all come from this schema.
 */
export const recipeSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\w.-]+$/, "letters, digits, dots, dashes and underscores")
      .default("run")
      .describe("what the run is called; part of its folder's name"),
    seed: z.int().min(0).default(0).describe("of weights, dropout, decisions and data order"),
    threads: z.int().min(0).default(0).describe("CPU threads; 0 leaves the choice to LibTorch"),
    data: data.prefault({}).describe("the task and its examples"),
    model: model.prefault({}).describe("what is trained"),
    strategy: strategy
      .prefault({ name: "standard" })
      .describe("which parts train, and when they run"),
    train: training.prefault({}).describe("how weights are trained"),
    evaluation: z
      .strictObject({
        every: count(100).describe(
          "steps between evaluations on validation, which selects the best",
        ),
        batchSize: count(128).describe("examples at a time"),
        trainExamples: count(1000).describe("fixed examples that train accuracy is measured on"),
      })
      .prefault({})
      .describe("how accuracy is measured"),
    checkpoint: z
      .strictObject({
        every: z
          .int()
          .min(0)
          .default(0)
          .describe("steps between checkpoints; 0: best and last only"),
        keep: count(2).describe("checkpoints kept beside the best and the last"),
      })
      .prefault({})
      .describe("what is kept to go on from"),
  })
  .refine(({ strategy, train }) => !isAdaptive(strategy) || strategy.policy.warmup <= train.steps, {
    path: ["strategy", "policy", "warmup"],
    message: "must not be above train.steps",
  });

export type Recipe = z.output<typeof recipeSchema>;

/** The recipe of parsed YAML, with every default in place. Throws z.ZodError. */
export function resolveRecipe(values: unknown): Recipe {
  const recipe = recipeSchema.parse(values);
  const { model } = recipe;
  if (model.from !== null || model.config) return recipe;
  return { ...recipe, model: { ...model, config: config.parse({}) } };
}
