import { z } from "zod";
import type { SteeringRecipe } from "./optimization";
import { count, LATER, paths } from "./recipe-fields";
import { gateFor } from "./recipe-gate";
import { lossesFor } from "./recipe-losses";
import { policyFor } from "./recipe-policy";

const parts = {
  head: z
    .array(z.string().min(1))
    .nullable()
    .default(null)
    .describe("the answer head, which trains, as path patterns; null is the model's own"),
  also: paths().describe("more parts outside the sites that train"),
};

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
    name: z.literal("BlockDrop").describe("every block is finetuned; keep it or skip it"),
    ...parts,
    ...deciding(keepOrSkip, "keep"),
  }),
  z.strictObject({
    name: z
      .literal("BlockReplace")
      .describe("every block is finetuned; keep it or replace it by a linear layer"),
    ...parts,
    ...deciding(keepOrReplace, "keep"),
  }),
] as const;

/** Which parts train and when they run: static strategies, and those that decide for each input. */
export const strategy = z.discriminatedUnion("name", [...staticOnes, ...adaptiveOnes]);

export type StrategyRecipe = z.output<typeof strategy>;
export type AdaptiveRecipe = Extract<StrategyRecipe, { policy: unknown }>;

/** How a policy trains; null for one that learns nothing. */
export function steeringOf({ policy }: AdaptiveRecipe): SteeringRecipe | null {
  return "optimizer" in policy ? policy : null;
}

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
    gate: gateFor(alternatives, counted)
      .prefault({})
      .describe("turns the policy's scores into decisions")
      .meta(LATER),
    policy: policyFor(alternatives, counted)
      .prefault({ kind: "transformer" })
      .describe("what decides, and how it trains"),
    ...lossesFor(alternatives, counted),
  };
}
