import { z } from "zod";
import { count, positive, share, width } from "./recipe-fields";

const common = {
  hidden_size: width(128).describe("D, width of the hidden states"),
  num_attention_heads: count(4, 1024).describe("H, a divisor of D"),
  intermediate_size: count(512, 65_536).describe("width of the feed-forward segments"),
  hidden_dropout_prob: share(0.1).describe("dropout of regions, embeddings, segments and head"),
  attention_probs_dropout_prob: share(0.1).describe("dropout of attention weights"),
  max_position_embeddings: count(64, 65_536).describe("positions: the longest text and two more"),
  initializer_range: positive(0.02).describe("standard deviation of initial weights"),
};

const otherwise = { path: ["num_attention_heads"], message: "must divide hidden_size" };

const vlBert = z
  .strictObject({
    ...common,
    num_hidden_layers: count(4, 1000).describe("blocks"),
    layer_norm_eps: positive(1e-12).describe("added to variances"),
    visual_scale_text_init: z.number().default(0).describe("initial scale of the image in words"),
    visual_scale_object_init: z
      .number()
      .default(0)
      .describe("initial scale of a region's features"),
  })
  .refine(headsDivide, otherwise);

const lxmert = z
  .strictObject({
    ...common,
    l_layers: count(2, 1000).describe("blocks that read the words alone"),
    r_layers: count(1, 1000).describe("blocks that relate the regions"),
    x_layers: count(2, 1000).describe("blocks that cross both"),
  })
  .refine(headsDivide, otherwise);

const from = z
  .string()
  .min(1)
  .nullable()
  .default(null)
  .describe("pretrained model: a folder, a run, or a recipe that is trained first and cached");

/** The model that is adapted: read from somewhere, or made from scratch. */
export const model = z.discriminatedUnion("type", [
  architecture(
    z
      .literal("vl-bert")
      .optional()
      .describe("VL-BERT, what a model without a type is; `from` knows its own"),
    vlBert,
  ),
  architecture(z.literal("lxmert").describe("LXMERT; `from` knows its own"), lxmert),
]);

export type ModelRecipe = z.output<typeof model>;

/** The same with the type and the size of a model from scratch in place. */
export function withSize(value: ModelRecipe): ModelRecipe {
  if (value.from !== null) return value;
  // Keys in the order of the schema, in which a recipe that was written down is read again.
  return value.type === "lxmert"
    ? { ...value, config: value.config ?? lxmert.parse({}) }
    : { type: "vl-bert", from: null, config: value.config ?? vlBert.parse({}) };
}

/** The check that attention heads share the width evenly. */
function headsDivide({
  hidden_size,
  num_attention_heads,
}: {
  readonly hidden_size: number;
  readonly num_attention_heads: number;
}): boolean {
  return hidden_size % num_attention_heads === 0;
}

function architecture<T extends z.ZodType<string | undefined>, C extends z.ZodType>(
  type: T,
  config: C,
) {
  return z
    .strictObject({
      type,
      from,
      config: config.optional().describe("size of a model from scratch; only without `from`"),
    })
    .refine((value) => value.from === null || value.config === undefined, {
      path: ["config"],
      message: "the pretrained model of `from` has its own: leave out one of the two",
    });
}
