import { z } from "zod";
import { count, positive } from "./recipe-fields";

const temperature = z.union([
  z.number().positive(),
  z.strictObject({
    schedule: z
      .enum(["linear", "exponential", "cosine"])
      .default("linear")
      .describe("how it changes: in a line, by a factor a step, or along half a cosine"),
    start: positive(5).describe("at the first step"),
    end: positive(1).describe("at the last step"),
  }),
]);

const some = z.number().gt(0).max(1);

const counterfactuals = z.union([
  z.enum(["exact", "adaptive"]),
  z.strictObject({ fixed: some.describe("or this share of decisions, all alike") }),
  z.strictObject({
    adaptive: some.describe("or this share, in proportion to how far their gradient reaches"),
  }),
]);

/** How scores become decisions, and where the policy's gradient comes from. */
export function gateFor<const A extends readonly [string, ...string[]]>(
  alternatives: A,
  counted: A[number],
) {
  const alternative = z.enum(alternatives).default(counted as never);
  const estimator = z.discriminatedUnion("kind", [
    z.strictObject({
      kind: z
        .literal("straight-through")
        .optional()
        .default("straight-through")
        .describe("the gradient of the softmax at the noise of the draw"),
    }),
    z.strictObject({
      kind: z.literal("gumbel-rao").describe("that, averaged over noise with the same decision"),
      samples: count(10).describe("draws of the noise"),
    }),
    z.strictObject({
      kind: z.literal("reinmax").describe("of second order; for temperatures from 1 on"),
    }),
    z.strictObject({
      kind: z
        .literal("reinforce")
        .describe("BlockDrop's reward, against what the likeliest decisions earn"),
      explore: z.number().min(0).lt(1).default(0.1).describe("share of decisions drawn evenly"),
      penalty: z
        .number()
        .min(0)
        .default(5)
        .describe("what a wrong answer costs; right earns up to 1"),
      alternative: alternative.describe("whose use lowers the reward of right answers"),
      weight: positive(1).describe("of the policy gradient in the loss"),
    }),
  ]);
  return z
    .strictObject({
      temperature: temperature
        .default(5)
        .describe("of the policy's gradient: a number, or start and end"),
      estimator: estimator
        .prefault({ kind: "straight-through" })
        .describe("where the policy's gradient comes from"),
      counterfactuals: counterfactuals
        .default("exact")
        .describe("how often what was not picked is computed for it: always, or for a quarter"),
      curriculum: z
        .strictObject({
          alternative: alternative.describe("what runs at sites that are not free yet"),
          steps: count(100).describe("until all are free, from the last block backwards"),
        })
        .nullable()
        .default(null)
        .describe("sites become free one by one; null: all at once"),
    })
    .refine(
      ({ estimator, counterfactuals }) =>
        estimator.kind !== "reinforce" || counterfactuals === "exact",
      { path: ["counterfactuals"], message: "reinforce compares nothing: leave it out" },
    );
}
