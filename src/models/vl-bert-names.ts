import type { Tensor } from "../torch";
import { countOf, type Rename, sizesOf } from "./names";

/** From the names of a model finetuned for several texts an image to those of all others. */
export const vlBertRenames: readonly Rename[] = [[/^vlbert\._module\./, "vlbert."]];

/** The sizes that a state dict shows; heads are 64 wide in all releases. */
export function vlBertConfigOf(state: Readonly<Record<string, Tensor>>): Record<string, unknown> {
  const { located, ...sizes } = sizesOf(state, {
    vocab_size: ["vlbert.word_embeddings.weight", 0],
    hidden_size: ["vlbert.word_embeddings.weight", 1],
    max_position_embeddings: ["vlbert.position_embeddings.weight", 0],
    type_vocab_size: ["vlbert.token_type_embeddings.weight", 0],
    intermediate_size: ["vlbert.encoder.layer.0.intermediate.dense.weight", 0],
    located: ["image_feature_extractor.obj_downsample.1.weight", 1],
    visual_region_classes: ["vlbert.mvrc_head.region_cls_pred.weight", 0],
    num_answers: ["final_mlp.2.weight", 0],
  });
  return {
    ...sizes,
    ...(located && { visual_size: located / 2 }), // features beside coordinates of the same width
    ...(sizes.hidden_size && { num_attention_heads: Math.max(1, sizes.hidden_size / 64) }),
    num_hidden_layers: countOf(Object.keys(state), /^vlbert\.encoder\.layer\.(\d+)\./),
  };
}
