import { z } from "zod";
import { LATER, positive } from "./recipe-fields";

const weight = (value: number) => positive(value).describe("of this term in the loss");

/** What the loss says about decisions, beside the answers; null is nothing. */
export function lossesFor<const A extends readonly [string, ...string[]]>(
  alternatives: A,
  counted: A[number],
) {
  return {
    budget: z
      .strictObject({
        alternative: z
          .enum(alternatives)
          .default(counted as never)
          .describe("whose use is counted"),
        target: z.number().min(0).describe("how many sites should use it"),
        scope: z
          .enum(["instance", "batch", "global"])
          .default("batch")
          .describe("for each input, or on average over a batch or the whole training"),
        weight: weight(0.1),
      })
      .nullable()
      .default(null)
      .describe("squared distance from a number of sites")
      .meta(LATER),
    confidence: z
      .strictObject({
        scope: z
          .enum(["instance", "batch"])
          .default("instance")
          .describe("each decision for itself, or the mean of a batch: then all inputs get one"),
        weight: weight(0.01),
      })
      .nullable()
      .default(null)
      .describe("entropy of decisions: makes the policy sure")
      .meta(LATER),
    diversity: z
      .strictObject({ weight: weight(0.01) })
      .nullable()
      .default(null)
      .describe("likeness of a batch's decisions: makes inputs differ")
      .meta(LATER),
    usageMomentum: z
      .number()
      .min(0)
      .max(1)
      .default(0.99)
      .describe("what a batch leaves of the usage before, for global budgets and masks")
      .meta(LATER),
  };
}
