import { z } from "zod";
import { configClass, field } from "./config";

const schema = z
  .strictObject({
    vocab_size: field.size(30522).describe("V, words"),
    hidden_size: field.size(768).describe("D, width of the hidden states"),
    num_hidden_layers: field.blocks(12).describe("blocks"),
    num_attention_heads: field.size(12).describe("H, a divisor of D"),
    intermediate_size: field.size(3072).describe("width of the feed-forward segments"),
    hidden_act: z.literal("gelu").default("gelu").describe("activation of feed-forward segments"),
    hidden_dropout_prob: field.probability(0.1).describe("dropout of embeddings and segments"),
    attention_probs_dropout_prob: field.probability(0.1).describe("dropout of attention weights"),
    classifier_dropout: field
      .probability(0.1)
      .nullable()
      .default(null)
      .describe("dropout before the classifier; null is hidden_dropout_prob"),
    max_position_embeddings: field.size(512).describe("positions: the longest text"),
    position_embedding_type: z
      .literal("absolute")
      .default("absolute")
      .describe("kind of positions"),
    type_vocab_size: field.size(2).describe("token types"),
    initializer_range: field.positive(0.02).describe("standard deviation of initial weights"),
    layer_norm_eps: field.positive(1e-12).describe("added to variances"),
    pad_token_id: field.count(0).nullable().describe("the word whose embedding never learns"),
    is_decoder: z.literal(false).default(false).describe("whether words see earlier words only"),
    num_labels: field.size(2).describe("C, classes to choose from"),
  })
  .refine(({ hidden_size, num_attention_heads }) => hidden_size % num_attention_heads === 0, {
    path: ["num_attention_heads"],
    message: "must divide hidden_size",
  });

/** The size of a BERT; the defaults are BERT-base. */
export class BertConfig extends configClass("BERT's configuration", schema) {}
