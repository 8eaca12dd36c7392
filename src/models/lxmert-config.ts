import { z } from "zod";
import { configClass, field } from "./config";

const schema = z
  .strictObject({
    vocab_size: field.size(30522).describe("V, words"),
    hidden_size: field.size(768).describe("D, width of the hidden states"),
    num_attention_heads: field.size(12).describe("H, a divisor of D"),
    intermediate_size: field.size(3072).describe("width of the feed-forward segments"),
    hidden_act: z.literal("gelu").default("gelu").describe("activation of feed-forward segments"),
    hidden_dropout_prob: field.probability(0.1).describe("dropout of embeddings and segments"),
    attention_probs_dropout_prob: field.probability(0.1).describe("dropout of attention weights"),
    max_position_embeddings: field.size(512).describe("positions: the longest text"),
    type_vocab_size: field.size(2).describe("token types"),
    initializer_range: field.positive(0.02).describe("standard deviation of initial weights"),
    tie_word_embeddings: field.tied(),
    l_layers: field.blocks(9).describe("blocks that read the words alone"),
    r_layers: field.blocks(5).describe("blocks that relate the regions to each other"),
    x_layers: field.blocks(5).describe("blocks that cross words and regions"),
    visual_feat_dim: field.size(2048).describe("F, width of a region's features"),
    visual_pos_dim: field.size(4).describe("numbers that place a region: x1, y1, x2, y2"),
    num_qa_labels: field.size(9500).describe("A, answers to choose from"),
    num_object_labels: field.size(1600).describe("kinds of objects, in pre-training"),
    num_attr_labels: field.size(400).describe("attributes of objects, in pre-training"),
    task_qa: z.boolean().default(true).describe("whether pre-training answers questions"),
    task_obj_predict: z.boolean().default(true).describe("whether pre-training predicts regions"),
    visual_obj_loss: z.boolean().default(true).describe("whether regions' objects are predicted"),
    visual_attr_loss: z.boolean().default(true).describe("whether their attributes are"),
    visual_feat_loss: z.boolean().default(true).describe("whether their features are"),
    visual_loss_normalizer: field.positive(6.67).describe("weight of the regions' losses"),
  })
  .refine(({ hidden_size, num_attention_heads }) => hidden_size % num_attention_heads === 0, {
    path: ["num_attention_heads"],
    message: "must divide hidden_size",
  });

/** The size of an LXMERT; the defaults are LXMERT-base as it was published. */
export class LxmertConfig extends configClass("LXMERT's configuration", schema) {}
