import { functional } from "../nn";
import type { Tensor } from "../torch";
import * as torch from "../torch";
import type { LxmertPreTrainingOutputs } from "./lxmert-for-pre-training";

/** What pre-training should predict; what is not given costs nothing. */
export interface LxmertPreTrainingLabels {
  /** [B,T] int64: the word at masked tokens, -100 elsewhere */
  readonly words?: Tensor | null;
  /** [B] int64: 1 where text and image match, 0 elsewhere */
  readonly match?: Tensor | null;
  /** [B] int64: the answer, -100 where there is no question */
  readonly answer?: Tensor | null;
  /** Classes [B,O] int64, or features [B,O,F], each with weights [B,O] of the regions' losses. */
  readonly objects?: RegionLabels | null;
  readonly attributes?: RegionLabels | null;
  readonly features?: RegionLabels | null;
}

export interface RegionLabels {
  readonly labels: Tensor;
  readonly weights: Tensor;
}

/**
 * The loss of LXMERT's pre-training: cross-entropies of words, match and answers, plus the regions'
 * times `visual_loss_normalizer`: cross-entropies of objects and attributes, smooth L1 of features.
 */
export function lxmertPreTrainingLoss(
  outputs: LxmertPreTrainingOutputs,
  labels: LxmertPreTrainingLabels,
  { visual_loss_normalizer }: { readonly visual_loss_normalizer: number },
): Tensor {
  const { wordLogits, matchLogits, answerLogits } = outputs;
  const { words, match, answer, objects, attributes, features } = labels;
  const losses: Tensor[] = [];
  if (words) losses.push(functional.crossEntropy(wordLogits.flatten(0, 1), words.flatten()));
  if (match) losses.push(functional.crossEntropy(matchLogits, match));
  if (answer && answerLogits) losses.push(functional.crossEntropy(answerLogits, answer));
  const add = (given: RegionLabels | null | undefined, loss: (labels: Tensor) => Tensor) => {
    if (given)
      losses.push(loss(given.labels).mul(given.weights).mean().mul(visual_loss_normalizer));
  };
  if (outputs.objectLogits) add(objects, (classes) => classLosses(outputs.objectLogits, classes));
  if (outputs.attributeLogits) {
    add(attributes, (classes) => classLosses(outputs.attributeLogits, classes));
  }
  if (outputs.features) {
    add(features, (target) => torch.smoothL1Loss(outputs.features, target, NO_REDUCTION).mean(-1));
  }
  return losses.reduce((sum, loss) => sum.add(loss), outputs.pooled.newZeros([]));
}

/** LibTorch's number for keeping each element's loss. */
const NO_REDUCTION = 0;

/** logits [B,O,C], classes [B,O] int64 -> each region's cross-entropy [B,O]. */
function classLosses(logits: Tensor, classes: Tensor): Tensor {
  const flat = logits.flatten(0, 1); // [B*O,C]
  const losses = torch.crossEntropyLoss(flat, classes.flatten(), null, NO_REDUCTION);
  return losses.view(classes.shape);
}
