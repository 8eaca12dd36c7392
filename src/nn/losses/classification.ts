import type { Tensor } from "../../torch";
import * as torch from "../../torch";
import { checkOptions } from "../../torch/errors";
import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  crossEntropy,
  multilabelSoftMarginLoss,
  nllLoss,
} from "../functions/class-losses";
import { Module } from "../module";
import type { Buffer } from "../parameter";
import { type LossOptions, type LossReduction, weightBuffer } from "./options";

/** Options of `NLLLoss`. */
export interface ClassLossOptions extends LossOptions {
  /** A weight for every class [C]; none by default. */
  readonly weight?: Tensor | null;
  /** The class that counts nowhere; -100 by default. */
  readonly ignoreIndex?: number;
}

/** Options of `CrossEntropyLoss`. */
export interface CrossEntropyOptions extends ClassLossOptions {
  /** How much of the target is spread evenly over the classes (Szegedy et al. 2015); 0 by default. */
  readonly labelSmoothing?: number;
}

/** logits [B,C,..], classes [B,..] int64 or probabilities [B,C,..] -> -log softmax(logits) at the class. */
export class CrossEntropyLoss extends Module {
  weight: Buffer | null;
  readonly ignoreIndex: number;
  readonly reduction: LossReduction;
  readonly labelSmoothing: number;

  constructor(options: CrossEntropyOptions = {}) {
    const {
      weight = null,
      ignoreIndex = -100,
      reduction = "mean",
      labelSmoothing = 0,
    } = checkOptions(new.target.name, options, [
      "labelSmoothing",
      "weight",
      "ignoreIndex",
      "reduction",
    ]);
    super();
    this.weight = weightBuffer(weight);
    this.ignoreIndex = ignoreIndex;
    this.reduction = reduction;
    this.labelSmoothing = labelSmoothing;
  }

  override forward(logits: Tensor, target: Tensor): Tensor {
    const { weight, reduction, ignoreIndex, labelSmoothing } = this;
    return crossEntropy(logits, target, weight, ignoreIndex, reduction, labelSmoothing);
  }
}

/** Log-probabilities [B,C,..], classes [B,..] int64 -> minus the log-probability of the class. */
export class NLLLoss extends Module {
  weight: Buffer | null;
  readonly ignoreIndex: number;
  readonly reduction: LossReduction;

  constructor(options: ClassLossOptions = {}) {
    const {
      weight = null,
      ignoreIndex = -100,
      reduction = "mean",
    } = checkOptions(new.target.name, options, ["weight", "ignoreIndex", "reduction"]);
    super();
    this.weight = weightBuffer(weight);
    this.ignoreIndex = ignoreIndex;
    this.reduction = reduction;
  }

  override forward(logProbabilities: Tensor, target: Tensor): Tensor {
    const { weight, reduction, ignoreIndex } = this;
    return nllLoss(logProbabilities, target, weight, ignoreIndex, reduction);
  }
}

/** Options of losses of yes and no. */
export interface BinaryLossOptions extends LossOptions {
  /** Weighs the elements, broadcast to them; none by default. */
  readonly weight?: Tensor | null;
}

/** Probabilities and targets within 0 and 1, of one shape. */
export class BCELoss extends Module {
  weight: Buffer | null;
  readonly reduction: LossReduction;

  constructor(options: BinaryLossOptions = {}) {
    const { weight = null, reduction = "mean" } = checkOptions(new.target.name, options, [
      "weight",
      "reduction",
    ]);
    super();
    this.weight = weightBuffer(weight);
    this.reduction = reduction;
  }

  override forward(probabilities: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropy(probabilities, target, this.weight, this.reduction);
  }
}

/** Options of `BCEWithLogitsLoss`. */
export interface BCEWithLogitsOptions extends BinaryLossOptions {
  /** Weighs the positive targets, broadcast to the elements; none by default. */
  readonly posWeight?: Tensor | null;
}

/** Logits and targets within 0 and 1, of one shape: BCELoss of sigmoid(logits), without its overflow. */
export class BCEWithLogitsLoss extends Module {
  weight: Buffer | null;
  pos_weight: Buffer | null;
  readonly reduction: LossReduction;

  constructor(options: BCEWithLogitsOptions = {}) {
    const {
      weight = null,
      reduction = "mean",
      posWeight = null,
    } = checkOptions(new.target.name, options, ["posWeight", "weight", "reduction"]);
    super();
    this.weight = weightBuffer(weight);
    this.pos_weight = weightBuffer(posWeight);
    this.reduction = reduction;
  }

  override forward(logits: Tensor, target: Tensor): Tensor {
    const { weight, pos_weight: posWeight, reduction } = this;
    return binaryCrossEntropyWithLogits(logits, target, weight, reduction, posWeight);
  }
}

/** Scores [B,C] and targets [B,C] of 0 and 1: the mean over classes of their binary cross-entropies. */
export class MultiLabelSoftMarginLoss extends Module {
  weight: Buffer | null;
  readonly reduction: LossReduction;

  constructor(options: BinaryLossOptions = {}) {
    const { weight = null, reduction = "mean" } = checkOptions(new.target.name, options, [
      "weight",
      "reduction",
    ]);
    super();
    this.weight = weightBuffer(weight);
    this.reduction = reduction;
  }

  override forward(scores: Tensor, target: Tensor): Tensor {
    return multilabelSoftMarginLoss(scores, target, this.weight, this.reduction);
  }
}

/** Options of `CTCLoss`. */
export interface CTCOptions extends LossOptions {
  /** The class that stands for nothing; 0 by default. */
  readonly blank?: number;
  /** Whether targets too long for their input count 0 in the place of infinity; false by default. */
  readonly zeroInfinity?: boolean;
}

/** Log-probabilities [T,B,C] and classes [B,S], with the lengths of both (Graves et al. 2006). */
export class CTCLoss extends Module {
  readonly blank: number;
  readonly reduction: LossReduction;
  readonly zeroInfinity: boolean;

  constructor(options: CTCOptions = {}) {
    const {
      blank = 0,
      reduction = "mean",
      zeroInfinity = false,
    } = checkOptions(new.target.name, options, ["blank", "zeroInfinity", "reduction"]);
    super();
    this.blank = blank;
    this.reduction = reduction;
    this.zeroInfinity = zeroInfinity;
  }

  override forward(
    logProbabilities: Tensor,
    targets: Tensor,
    inputLengths: readonly number[],
    targetLengths: readonly number[],
  ): Tensor {
    const { blank, reduction, zeroInfinity } = this;
    return torch.ctcLoss(
      logProbabilities,
      targets,
      inputLengths,
      targetLengths,
      blank,
      reduction,
      zeroInfinity,
    );
  }
}
