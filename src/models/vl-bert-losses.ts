import { functional } from "../nn";
import type { Tensor } from "../torch";
import { checkOptions } from "../torch/errors";
import type { VLBertPreTrainingOutputs } from "./vl-bert-for-pre-training";

/** What pre-training should predict; what is not given costs nothing. */
export interface VLBertPreTrainingLabels {
  /** [B,T] int64: the word at masked tokens, -100 elsewhere */
  readonly words?: Tensor | null;
  /** [B,O,C], a detector's probabilities of masked regions, zeros elsewhere */
  readonly regions?: Tensor | null;
  /** [B] int64: 1 where text and image belong together, 0 elsewhere */
  readonly relationship?: Tensor | null;
}

/** The loss of VL-BERT's pre-training: the sum of mean cross-entropies of all that is predicted. */
export function vlBertPreTrainingLoss(
  { wordLogits, regionLogits, relationshipLogits, hidden }: VLBertPreTrainingOutputs,
  options: VLBertPreTrainingLabels,
): Tensor {
  const { words, regions, relationship } = checkOptions("vlBertPreTrainingLoss", options, [
    "words",
    "regions",
    "relationship",
  ]);
  const losses: Tensor[] = [];
  if (words) losses.push(functional.crossEntropy(wordLogits.flatten(0, 1), words.flatten()));
  if (regions) losses.push(softCrossEntropy(regionLogits, regions));
  if (relationship) losses.push(functional.crossEntropy(relationshipLogits, relationship));
  return losses.reduce((sum, loss) => sum.add(loss), hidden.newZeros([]));
}

/** logits and probabilities [B,O,C]: the mean over the regions that have probabilities. */
function softCrossEntropy(logits: Tensor, probabilities: Tensor): Tensor {
  const losses = logits.logSoftmax(-1).mul(probabilities).sum(-1).neg(); // [B,O]
  const predicted = probabilities.sum(-1).gt(0.5); // [B,O]
  return losses.mul(predicted).sum().div(predicted.sum().clamp(1));
}
