import { z } from "zod";
import { count, paths, positive, share, steering } from "./recipe-fields";

const parts = {
  head: paths("final_mlp").describe("the answer head, which trains, as path patterns"),
  also: paths().describe("more parts outside the sites that train"),
};

const temperature = z.union([
  z.number().positive(),
  z.strictObject({
    start: positive(5).describe("at the first step"),
    end: positive(1).describe("at the last step, reached in a straight line"),
  }),
]);

const gate = z.strictObject({
  temperature: temperature
    .default(5)
    .describe("of the straight-through gradient: a number, or start and end"),
});

const staticOnes = [
  z.strictObject({
    name: z.literal("standard").describe("everything trains"),
    except: paths().describe("parts that stay frozen, as path patterns"),
  }),
  z.strictObject({
    name: z.literal("frozen").describe("the pretrained model with a trained answer head"),
    ...parts,
  }),
  z.strictObject({
    name: z.literal("head-only").describe("the answer head trains on a frozen network"),
    ...parts,
  }),
  z.strictObject({
    name: z.literal("last-k").describe("the last blocks train"),
    k: count(4).describe("how many of them"),
    ...parts,
  }),
  z.strictObject({
    name: z.literal("layers").describe("some blocks train"),
    blocks: z
      .array(z.int().min(0))
      .min(1)
      .default([3, 4, 10, 11])
      .describe("which ones, by number from 0"),
    ...parts,
  }),
  z.strictObject({
    name: z.literal("LoRA").describe("linear layers train a low-rank update"),
    rank: count(8).describe("of the update, at most as large as the layer"),
    alpha: z
      .number()
      .positive()
      .optional()
      .describe("the update counts alpha / rank times; left out, it counts twice"),
    targets: paths("query", "value").describe("which linear layers, by last names or patterns"),
    ...parts,
  }),
  z.strictObject({
    name: z.literal("BitFit").describe("all biases train"),
    ...parts,
  }),
] as const;

const frozenOrTuned = ["frozen", "tuned"] as const;
const keepOrSkip = ["keep", "skip"] as const;
const keepOrReplace = ["keep", "replace"] as const;

const twins = {
  tuned: z
    .enum(["copy", "low-rank", "biases"])
    .default("copy")
    .describe("what finetuned twins are: all weights, low-rank updates, or biases alone"),
};

const adaptiveOnes = [
  z.strictObject({
    name: z.literal("SpotTune_Block").describe("every block frozen or tuned, for each input anew"),
    ...twins,
    ...parts,
    ...deciding(frozenOrTuned, "tuned"),
  }),
  z.strictObject({
    name: z.literal("SpotTune").describe("every head, intermediate and output frozen or tuned"),
    ...twins,
    ...parts,
    ...deciding(frozenOrTuned, "tuned"),
  }),
  z.strictObject({
    name: z.literal("SpotTune_Res").describe("every segment between skips frozen or tuned"),
    ...twins,
    ...parts,
    ...deciding(frozenOrTuned, "tuned"),
  }),
  z.strictObject({
    name: z.literal("BlockDrop").describe("every block, finetuned, runs or is left out"),
    ...parts,
    ...deciding(keepOrSkip, "keep"),
  }),
  z.strictObject({
    name: z.literal("BlockReplace").describe("every block, finetuned, runs or a linear layer does"),
    ...parts,
    ...deciding(keepOrReplace, "keep"),
  }),
] as const;

/** Which parts train and when they run: static strategies, and those that decide for each input. */
export const strategy = z.discriminatedUnion("name", [...staticOnes, ...adaptiveOnes]);

export type StrategyRecipe = z.output<typeof strategy>;
export type AdaptiveRecipe = Extract<StrategyRecipe, { policy: unknown }>;

/** Whether a strategy has a policy, which decides. */
export function isAdaptive(strategy: StrategyRecipe): strategy is AdaptiveRecipe {
  return "policy" in strategy;
}

/** The alternative whose use tables and figures show: the costlier one, tuned or kept. */
export function countedAlternative(usage: Readonly<Record<string, unknown>>): "tuned" | "keep" {
  return "tuned" in usage ? "tuned" : "keep";
}

/** What a strategy says about its decisions between some alternatives. */
function deciding<const A extends readonly [string, ...string[]]>(
  alternatives: A,
  counted: A[number],
) {
  return {
    gate: gate.prefault({}).describe("turns the policy's scores into decisions"),
    policy: policyFor(alternatives, counted)
      .prefault({})
      .describe("the network that decides, and how it trains"),
    budget: budgetFor(alternatives, counted)
      .nullable()
      .default(null)
      .describe("squared distance from a number of sites"),
  };
}

function policyFor<const A extends readonly [string, ...string[]]>(
  alternatives: A,
  counted: A[number],
) {
  return z
    .strictObject({
      layers: count(1).describe("transformer blocks"),
      hiddenSize: count(64).describe("width of the blocks"),
      heads: count(2).describe("attention heads, a divisor of the width"),
      intermediateSize: count(128).describe("width of the feed-forward segments"),
      dropout: share(0).describe("dropout in the blocks; the gate's noise explores already"),
      initially: z
        .strictObject({
          alternative: z
            .enum(alternatives)
            .default(counted as never)
            .describe("the likelier one"),
          probability: z
            .number()
            .gt(0)
            .lt(1)
            .default(0.5)
            .describe("of that alternative, everywhere"),
        })
        .prefault({})
        .describe("where decisions start"),
      ...steering,
    })
    .refine(({ hiddenSize, heads }) => hiddenSize % heads === 0, {
      path: ["heads"],
      message: "must divide hiddenSize",
    });
}

function budgetFor<const A extends readonly [string, ...string[]]>(
  alternatives: A,
  counted: A[number],
) {
  return z.strictObject({
    alternative: z
      .enum(alternatives)
      .default(counted as never)
      .describe("whose use is counted"),
    target: z.number().min(0).describe("how many sites should use it"),
    scope: z.enum(["instance", "batch"]).default("batch").describe("for each input, or on average"),
    weight: positive(0.1).describe("of this term in the loss"),
  });
}
