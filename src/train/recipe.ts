import { z } from "zod";
import { EMOJI_STYLES } from "../data/emoji/sources";
import { maximalThreads } from "../torch/threads";
import {
  count,
  DEVICE_NAMES,
  DEVICES,
  FREE,
  few,
  type Meaning,
  MOST_STEPS,
  START,
  seed,
  share,
  steering,
} from "./recipe-fields";
import { model, withSize } from "./recipe-model";
import { isAdaptive, type StrategyRecipe, steeringOf, strategy } from "./recipe-strategy";

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
    questionsPerConcept: count(4, 1000).describe(
      "yes/no questions about a drawing, beside two others",
    ),
    minTermConcepts: count(5).describe(
      "a word is asked about if so many training concepts have it",
    ),
    imageSize: count(64, 512).describe("side length of the drawings, in pixels"),
    grid: count(4, 64).describe("patches to a side; must divide imageSize"),
    augmentation: z
      .strictObject({
        shift: share(0).describe("largest shift to each side, as a share of the side length"),
        zoom: share(0).describe("largest change of scale: 0.1 draws from 0.9 to 1.1"),
        flip: z.boolean().default(false).describe("mirror every other drawing"),
      })
      .prefault({})
      .describe("random changes of training drawings"),
    seed: seed.describe("of the choice of drawings and questions"),
  })
  .refine(({ imageSize, grid }) => imageSize % grid === 0, {
    path: ["grid"],
    message: "must divide imageSize",
  });

const training = z
  .strictObject({
    steps: count(300, MOST_STEPS).describe("optimizer steps"),
    batchSize: count(64).describe("examples a step"),
    microBatches: count(1).describe("parts that a batch goes through the model in"),
    lengthWindow: count(1).describe(
      "batches sorted by length together; 1 sorts within a batch, and leaves to chance who is in it",
    ),
    precision: z
      .enum(["float32", "bfloat16"])
      .default("float32")
      .describe("of weights and activations; updates, scores, losses and policy stay float32"),
    graph: z
      .boolean()
      .default(false)
      .describe("record whole steps as CUDA graphs, which needs device cuda and execution static"),
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
      .describe("what the run is called; part of its folder's name")
      .meta(FREE),
    seed: seed.describe("of weights, dropout, decisions and data order"),
    threads: z
      .int()
      .min(0)
      .max(maximalThreads)
      .default(0)
      .describe("CPU threads; 0 leaves the choice to LibTorch")
      .meta(FREE),
    device: z
      .string()
      .regex(DEVICES, DEVICE_NAMES)
      .default("auto")
      .describe("what computes: cpu, cuda or cuda:N; auto is cuda where there is one")
      .meta(FREE),
    features: z
      .enum(["auto", "host", "device"])
      .default("auto")
      .describe(
        "where images wait that are not augmented; auto is on a GPU, where they fit, else on the host",
      )
      .meta(FREE),
    execution: z
      .enum(["routed", "masked", "static"])
      .default("routed")
      .describe(
        "run what was picked; or, as a slow reference, everything and mix; or in shapes that stay",
      )
      .meta({ free: ["routed", "masked"] } satisfies Meaning), // static draws other dropout
    data: data.prefault({}).describe("the task and its examples"),
    model: model.prefault({ type: undefined }).describe("what is trained").meta(START),
    strategy: strategy
      .prefault({ name: "standard" })
      .describe("which parts train, and when they run")
      .meta(START),
    train: training.prefault({}).describe("how weights are trained"),
    evaluation: z
      .strictObject({
        every: count(100).describe(
          "steps between evaluations on validation, which selects the best",
        ),
        batchSize: count(128).describe("examples at a time"),
        trainExamples: count(1000).describe("fixed examples that train accuracy is measured on"),
        decisions: z
          .enum(["policy", "global"])
          .default("policy")
          .describe("the policy's for each input, or for all what training picked most"),
        controls: z
          .boolean()
          .default(true)
          .describe(
            "hold the policy against the majority's mask, other inputs' decisions and chance",
          ),
      })
      .prefault({})
      .describe("how accuracy is measured"),
    checkpoint: z
      .strictObject({
        every: z
          .int()
          .min(0)
          .max(MOST_STEPS)
          .default(0)
          .describe("steps between checkpoints; 0: best and last only"),
        keep: count(2).describe("checkpoints kept beside the best and the last"),
      })
      .prefault({})
      .describe("what is kept to go on from")
      .meta(FREE),
  })
  .refine(({ strategy, train }) => warmupOf(strategy) <= train.steps, {
    path: ["strategy", "policy", "warmup"],
    message: "must not be above train.steps",
  })
  .refine(({ strategy, execution }) => execution !== "masked" || isAdaptive(strategy), {
    path: ["execution"],
    message: "there is nothing to mask: the strategy decides nothing",
  })
  .superRefine(({ train, ...recipe }, context) => {
    if (!train.graph) return;
    for (const message of problemsOfGraphs(recipe)) {
      context.addIssue({ code: "custom", path: ["train", "graph"], message });
    }
  })
  .refine(({ strategy, evaluation }) => evaluation.decisions === "policy" || isAdaptive(strategy), {
    path: ["evaluation", "decisions"],
    message: "there is none to take: the strategy decides nothing",
  });

export type Recipe = z.output<typeof recipeSchema>;

type Ungraphed = Pick<Recipe, "device" | "execution" | "strategy">;

/** The recipe of parsed YAML, with every default in place. Throws z.ZodError. */
export function resolveRecipe(values: unknown): Recipe {
  const recipe = recipeSchema.parse(values);
  return { ...recipe, model: withSize(recipe.model) };
}

/** What keeps a recipe's steps from being recorded: what asks the host, or changes there. */
function problemsOfGraphs({ device, execution, strategy }: Ungraphed): string[] {
  const problems: string[] = [];
  if (device === "cpu") problems.push("graphs are CUDA's: set device to cuda");
  if (execution !== "static") problems.push("set execution to static");
  if (!isAdaptive(strategy)) return problems;
  const { gate, policy } = strategy;
  if (gate.estimator.kind === "reinforce") problems.push("reinforce runs every batch twice");
  if (gate.counterfactuals !== "exact") problems.push("counterfactuals are exact in it");
  if (gate.curriculum) problems.push("a curriculum changes what is decided");
  if (policy.kind === "random") problems.push("a random policy draws on the host");
  return problems;
}

function warmupOf(strategy: StrategyRecipe): number {
  return (isAdaptive(strategy) && steeringOf(strategy)?.warmup) || 0;
}
