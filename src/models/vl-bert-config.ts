import { z } from "zod";
import { configClass, field } from "./config";

const schema = z
  .strictObject({
    vocab_size: field.size(30522).describe("words"),
    hidden_size: field.size(768).describe("D, width of the hidden states"),
    num_hidden_layers: field.blocks(12).describe("blocks"),
    num_attention_heads: field.size(12).describe("H, a divisor of D"),
    intermediate_size: field.size(3072).describe("width of the feed-forward segments"),
    hidden_dropout_prob: field
      .probability(0.1)
      .describe("dropout of regions, embeddings, segments and the head"),
    attention_probs_dropout_prob: field.probability(0.1).describe("dropout of attention weights"),
    max_position_embeddings: field.size(512).describe("positions: the longest text and two more"),
    type_vocab_size: z.int().min(3).default(3).describe("question 0, answer 1, regions and end 2"),
    initializer_range: field.positive(0.02).describe("standard deviation of initial weights"),
    layer_norm_eps: field.positive(1e-12).describe("added to variances"),
    tie_word_embeddings: field.tied(),
    visual_size: field.size(2048).describe("F, width of a region's features"),
    visual_scale_text_init: z
      .number()
      .default(0)
      .describe("initial scale of the image's embedding in words"),
    visual_scale_object_init: z
      .number()
      .default(0)
      .describe("initial scale of a region's visual embedding"),
    visual_region_classes: field.size(1601).describe("classes of regions, in pre-training"),
    num_answers: field.size(3129).describe("A, answers to choose from"),
    mask_token_id: z.int().min(0).default(103).describe("the word that stands for the answer"),
  })
  .refine(({ hidden_size, num_attention_heads }) => hidden_size % num_attention_heads === 0, {
    path: ["num_attention_heads"],
    message: "must divide hidden_size",
  })
  .refine(({ mask_token_id, vocab_size }) => mask_token_id < vocab_size, {
    path: ["mask_token_id"],
    message: "must be below vocab_size",
  });

/** The published sizes; the features of regions are the same in both. */
const sizes = {
  base: {},
  large: {
    hidden_size: 1024,
    num_hidden_layers: 24,
    num_attention_heads: 16,
    intermediate_size: 4096,
  },
} as const;

export type VLBertSize = keyof typeof sizes;

/** The size of a VL-BERT; the defaults are VL-BERT-base for VQA v2. */
export class VLBertConfig extends configClass("VL-BERT's configuration", schema) {
  /** A published size, `base` or `large`, with some values of its own; throws for another name. */
  static named(
    name: VLBertSize,
    values: ConstructorParameters<typeof VLBertConfig>[0] = {},
  ): VLBertConfig {
    if (!Object.hasOwn(sizes, name)) {
      throw new Error(`VL-BERT is ${Object.keys(sizes).join(" or ")}, not ${name}`);
    }
    return new VLBertConfig({ ...sizes[name], ...values });
  }
}
