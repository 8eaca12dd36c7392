import { z } from "zod";
import { configClass, field } from "./config";

const schema = z
  .strictObject({
    hidden_size: field.size(768).describe("D, width of the hidden states"),
    num_hidden_layers: field.blocks(12).describe("blocks"),
    num_attention_heads: field.size(12).describe("H, a divisor of D"),
    intermediate_size: field.size(3072).describe("width of the feed-forward segments"),
    hidden_act: z.literal("gelu").default("gelu").describe("activation of feed-forward segments"),
    hidden_dropout_prob: field.probability(0).describe("dropout of embeddings and segments"),
    attention_probs_dropout_prob: field.probability(0).describe("dropout of attention weights"),
    initializer_range: field.positive(0.02).describe("standard deviation of initial weights"),
    layer_norm_eps: field.positive(1e-12).describe("added to variances"),
    image_size: field.size(224).describe("height and width of images, in pixels"),
    patch_size: field.size(16).describe("height and width of patches, a divisor of image_size"),
    num_channels: field.size(3).describe("colours"),
    qkv_bias: z.boolean().default(true).describe("whether queries, keys and values have biases"),
    pooler_output_size: field
      .size(768)
      .nullable()
      .default(null)
      .describe("width of the pooled output"),
    pooler_act: z.literal("tanh").default("tanh").describe("activation of the pooled output"),
    num_labels: field.size(2).describe("C, classes to choose from"),
  })
  .refine(({ hidden_size, num_attention_heads }) => hidden_size % num_attention_heads === 0, {
    path: ["num_attention_heads"],
    message: "must divide hidden_size",
  })
  .refine(({ image_size, patch_size }) => image_size % patch_size === 0, {
    path: ["patch_size"],
    message: "must divide image_size",
  });

/** The size of a ViT; the defaults are ViT-base with patches of 16 x 16. */
export class ViTConfig extends configClass("ViT's configuration", schema) {}
