import { VLBertConfig, VLBertForQuestionAnswering, type VLBertInputs } from "../../src/models";
import type { DType, Tensor } from "../../src/torch";
import { below, reference } from "../reference/load";

export const values = reference("vl-bert");

/** The size of the model in the reference script. */
export const config = new VLBertConfig({
  vocab_size: 20,
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 24,
  hidden_dropout_prob: 0,
  attention_probs_dropout_prob: 0,
  max_position_embeddings: 12,
  visual_size: 24,
  num_answers: 5,
  mask_token_id: 4,
});

/** The model of the reference script. */
export function referenceModel(dtype: DType = "float64"): VLBertForQuestionAnswering {
  const model = new VLBertForQuestionAnswering(config).to(dtype);
  model.loadStateDict(below(values, "weight"));
  return model;
}

/** The padded inputs of the reference script: texts of 6, 4, 5 tokens with 4, 3, 1 regions. */
export function referenceInputs(dtype: DType = "float64"): Required<VLBertInputs> {
  const inputs = Object.fromEntries(
    Object.entries(below(values, "input")).map(([name, tensor]): [string, Tensor] => [
      name,
      (tensor.isFloatingPoint() ? tensor.to(dtype) : tensor).clone(),
    ]),
  );
  return inputs as unknown as Required<VLBertInputs>;
}

export const LENGTHS = [6, 4, 5];
export const REGIONS = [4, 3, 1];
