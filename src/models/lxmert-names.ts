import type { Tensor } from "../torch";
import { countOf, type Rename, sizesOf } from "./names";

/** From the names of the original code to those of Hugging Face, heads aside. */
export const backboneRenames: readonly Rename[] = [
  [/^lxrt_encoder\.model\./, ""],
  [/^bert\./, "lxmert."],
];

/** The same with the answer head of a finetuned model. */
export const lxmertRenames: readonly Rename[] = [
  ...backboneRenames,
  [/^logit_fc\./, "answer_head.logit_fc."],
];

/** The sizes that a state dict of Hugging Face's names shows; heads are 64 wide in all releases. */
export function lxmertConfigOf(state: Readonly<Record<string, Tensor>>): Record<string, unknown> {
  const names = Object.keys(state);
  const has = (part: string) => names.some((name) => name.startsWith(part));
  const sizes = sizesOf(state, {
    vocab_size: ["embeddings.word_embeddings.weight", 0],
    hidden_size: ["embeddings.word_embeddings.weight", 1],
    max_position_embeddings: ["embeddings.position_embeddings.weight", 0],
    type_vocab_size: ["embeddings.token_type_embeddings.weight", 0],
    visual_feat_dim: ["encoder.visn_fc.visn_fc.weight", 1],
    visual_pos_dim: ["encoder.visn_fc.box_fc.weight", 1],
    num_object_labels: ["obj_predict_head.decoder_dict.obj.weight", 0],
    num_attr_labels: ["obj_predict_head.decoder_dict.attr.weight", 0],
    num_qa_labels: ["answer_head.logit_fc.3.weight", 0],
    intermediate_size: [
      /encoder\.(layer\.0|r_layers\.0|x_layers\.0)\.\w*inter\w*\.dense\.weight$/,
      0,
    ],
  });
  return {
    ...sizes,
    ...(sizes.hidden_size && { num_attention_heads: Math.max(1, sizes.hidden_size / 64) }),
    l_layers: countOf(names, /encoder\.layer\.(\d+)\./),
    r_layers: countOf(names, /encoder\.r_layers\.(\d+)\./),
    x_layers: countOf(names, /encoder\.x_layers\.(\d+)\./),
    task_qa: has("answer_head."),
    task_obj_predict: has("obj_predict_head."),
  };
}
