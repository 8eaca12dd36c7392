import { LxmertConfig, type LxmertInputs } from "../../src/models";
import type { Module } from "../../src/nn";
import type { DType, Tensor } from "../../src/torch";
import { below, reference } from "../reference/load";

export const values = reference("lxmert");

/** The size of the models in the reference script. */
export const config = new LxmertConfig({
  vocab_size: 20,
  hidden_size: 8,
  num_attention_heads: 2,
  intermediate_size: 12,
  hidden_dropout_prob: 0,
  attention_probs_dropout_prob: 0,
  max_position_embeddings: 10,
  l_layers: 2,
  r_layers: 1,
  x_layers: 2,
  visual_feat_dim: 6,
  num_qa_labels: 5,
  num_object_labels: 4,
  num_attr_labels: 3,
});

/** The weights of the reference script, by Hugging Face's names of the model for pre-training. */
export const weights = below(values, "weight");

/** Gives a model those of the reference's weights that it has, which have to be all of its own. */
export function withReferenceWeights<M extends Module>(model: M, dtype: DType = "float32"): M {
  const own = Object.keys(model.stateDict());
  const given = Object.fromEntries(Object.entries(weights).filter(([name]) => own.includes(name)));
  const { missing } = model.to(dtype).loadStateDict(given, { strict: false });
  if (missing.length > 0) throw new Error(`not in the reference: ${missing.join(", ")}`);
  return model;
}

/** The padded inputs of the reference script: texts of 6, 4, 5 tokens with 4, 3, 1 regions. */
export function referenceInputs(dtype: DType = "float32"): Required<LxmertInputs> {
  const entries = Object.entries(below(values, "input")).map(([name, tensor]): [string, Tensor] => [
    name,
    (tensor.isFloatingPoint() ? tensor.to(dtype) : tensor).clone(),
  ]);
  return Object.fromEntries(entries) as unknown as Required<LxmertInputs>;
}

/** The same without masks and token types. */
export function openInputs(dtype: DType = "float32"): LxmertInputs {
  const { inputIds, regionFeatures, regionBoxes } = referenceInputs(dtype);
  return { inputIds, regionFeatures, regionBoxes };
}
