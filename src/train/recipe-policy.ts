import { z } from "zod";
import { count, LATER, seed, share, steering, width } from "./recipe-fields";

const blocks = {
  hiddenSize: width(64).describe("width of the blocks"),
  heads: count(2, 1024).describe("attention heads, a divisor of the width"),
  intermediateSize: count(128, 65_536).describe("width of the feed-forward segments"),
  dropout: share(0)
    .describe("dropout in the blocks; the gate's noise explores already")
    .meta(LATER),
};

const divides = {
  check: ({ hiddenSize, heads }: { hiddenSize: number; heads: number }) => hiddenSize % heads === 0,
  otherwise: { path: ["heads"], message: "must divide hiddenSize" },
};

const embeddings = {
  embeddings: z
    .enum(["shared", "own"])
    .default("shared")
    .describe("the backbone's as they were pretrained, or a copy that trains with the policy"),
};

/** The kinds of policies for sites that all have the same alternatives, by `kind`. */
export function policyFor<const A extends readonly [string, ...string[]]>(
  alternatives: A,
  counted: A[number],
) {
  const start = z.strictObject({
    alternative: z
      .enum(alternatives)
      .default(counted as never)
      .describe("the likelier one"),
    probability: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.5)
      .describe("of that alternative, everywhere; the others share the rest"),
  });
  const initially = { initially: start.prefault({}).describe("where decisions start") };

  return z.discriminatedUnion("kind", [
    z
      .strictObject({
        // Optional, so that a policy without a kind is one of these.
        kind: z
          .literal("transformer")
          .optional()
          .default("transformer")
          .describe("a small transformer on the embeddings; what `policy` is without a kind"),
        layers: count(1, 1000).describe("transformer blocks"),
        ...blocks,
        ...embeddings,
        ...initially,
        ...steering,
      })
      .refine(divides.check, divides.otherwise),
    z
      .strictObject({
        kind: z.literal("lxmert").describe("a small LXMERT, for models that are one"),
        languageLayers: count(2, 1000).describe("blocks that read the words alone"),
        relationalLayers: count(1, 1000).describe("blocks that relate the regions"),
        crossLayers: count(1, 1000).describe("blocks that cross both"),
        ...blocks,
        ...embeddings,
        ...initially,
        ...steering,
      })
      .refine(divides.check, divides.otherwise),
    z.strictObject({
      kind: z.literal("pooled").describe("a perceptron on the mean of the embeddings"),
      hiddenSizes: z
        .array(z.int().min(1).max(16_384))
        .max(100)
        .default([64])
        .describe("width of each hidden layer"),
      ...embeddings,
      ...initially,
      ...steering,
    }),
    z.strictObject({
      kind: z.literal("constant").describe("one learned mask for all inputs"),
      ...initially,
      ...steering,
    }),
    z.strictObject({
      kind: z.literal("random").describe("by chance; nothing is learnt"),
      usage: start.prefault({}).describe("how often each alternative is picked"),
      seed: seed.describe("of its decisions"),
    }),
    given(alternatives),
  ]);
}

function given<const A extends readonly [string, ...string[]]>(alternatives: A) {
  return z
    .strictObject({
      kind: z.literal("given").describe("a fixed mask for all inputs; nothing is learnt"),
      decisions: z
        .union([
          z.enum(alternatives),
          z.array(z.int().min(0)),
          z.record(z.string(), z.enum(alternatives)),
        ])
        .nullable()
        .default(null)
        .describe("an alternative for all sites, each site's by its name, or a list of numbers"),
      file: z
        .string()
        .min(1)
        .nullable()
        .default(null)
        .describe("the same from a JSON file, such as the mask.json of a run"),
    })
    .refine(({ decisions, file }) => (decisions === null) !== (file === null), {
      path: ["decisions"],
      message: "give either these or a file",
    });
}
