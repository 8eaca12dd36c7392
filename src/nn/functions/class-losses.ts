import type { Tensor } from "../../torch";
import * as torch from "../../torch";
import { linear } from "../functional";
import { type LossOptions, reduced } from "../losses/options";
import { known, requireSizes } from "./loss-checks";
import { type Named, named } from "./named";

// The losses of classes, and of yes and no, of torch.nn.functional.

/** Options of losses of classes. */
export interface ClassOptions extends LossOptions {
  /** A weight for every class [C]; none by default. */
  readonly weight?: Tensor | null;
  /** The class that counts nowhere; -100 by default. */
  readonly ignoreIndex?: number;
}

/** Options of the functional `crossEntropy`. */
export interface CrossEntropyFunctionOptions extends ClassOptions {
  /** How much of the target is spread evenly over the classes; 0 by default. */
  readonly labelSmoothing?: number;
}

/** logits [B,C,..], classes [B,..] int64 or probabilities [B,C,..] -> -log softmax(logits) at the class. */
export function crossEntropy(
  logits: Tensor,
  target: Tensor,
  ...args: Named<
    ["weight", "ignoreIndex", "reduction", "labelSmoothing"],
    CrossEntropyFunctionOptions
  >
): Tensor {
  const names = "weight ignoreIndex reduction labelSmoothing";
  const given = named<CrossEntropyFunctionOptions>("crossEntropy", names, args, { logits, target });
  const { weight = null, ignoreIndex = -100, reduction = "mean", labelSmoothing = 0 } = given;
  return torch.crossEntropyLoss(logits, target, weight, reduction, ignoreIndex, labelSmoothing);
}

/** Log-probabilities [B,C,..], classes [B,..] int64 -> minus the log-probability of the class. */
export function nllLoss(
  x: Tensor,
  target: Tensor,
  ...args: Named<["weight", "ignoreIndex", "reduction"], ClassOptions>
): Tensor {
  const given = named<ClassOptions>("nllLoss", "weight ignoreIndex reduction", args, { x, target });
  const { weight = null, ignoreIndex = -100, reduction = "mean" } = given;
  return torch.nllLossNd(x, target, weight, reduction, ignoreIndex);
}

/** What `linearCrossEntropy` takes beside inputs, weight and targets. */
export interface LinearCrossEntropyOptions extends CrossEntropyFunctionOptions {
  readonly linearBias?: Tensor | null;
}

/** `crossEntropy` of linear(x, linearWeight, linearBias): x [..,n], classes [..] or probabilities [..,C]. */
export function linearCrossEntropy(
  x: Tensor,
  linearWeight: Tensor,
  target: Tensor,
  options: LinearCrossEntropyOptions = {},
): Tensor {
  const names = "linearBias weight ignoreIndex reduction labelSmoothing";
  const given = named<LinearCrossEntropyOptions>("linearCrossEntropy", names, [options], {
    x,
    linearWeight,
    target,
  });
  const { linearBias = null, ...rest } = given;
  return torch.scope(() => crossEntropy(linear(x, linearWeight, linearBias), target, rest));
}

/** Options of `binaryCrossEntropy`. */
export interface BinaryCrossEntropyOptions extends LossOptions {
  /** Weighs the elements, broadcast to them; none by default. */
  readonly weight?: Tensor | null;
}

/** Probabilities and targets within 0 and 1. Throws RangeError where their sizes differ. */
export function binaryCrossEntropy(
  x: Tensor,
  target: Tensor,
  ...args: Named<["weight", "reduction"], BinaryCrossEntropyOptions>
): Tensor {
  const names = "weight reduction";
  const given = named<BinaryCrossEntropyOptions>("binaryCrossEntropy", names, args, { x, target });
  const { weight = null, reduction = "mean" } = given;
  requireSizes("binaryCrossEntropy: target", target, x);
  const expanded = weight?.expand(torch.broadcastShapes(target.shape, weight.shape)) ?? null;
  return torch.binaryCrossEntropy(x, target, expanded, reduction);
}

/** Options of `binaryCrossEntropyWithLogits`. */
export interface LogitsOptions extends BinaryCrossEntropyOptions {
  /** Weighs the positive targets, broadcast to the elements; none by default. */
  readonly posWeight?: Tensor | null;
}

/** Logits and targets within 0 and 1. Throws RangeError where their sizes differ. */
export function binaryCrossEntropyWithLogits(
  x: Tensor,
  target: Tensor,
  ...args: Named<["weight", "reduction", "posWeight"], LogitsOptions>
): Tensor {
  const names = "weight reduction posWeight";
  const given = named<LogitsOptions>("binaryCrossEntropyWithLogits", names, args, { x, target });
  const { weight = null, reduction = "mean", posWeight = null } = given;
  requireSizes("binaryCrossEntropyWithLogits: target", target, x);
  return torch.binaryCrossEntropyWithLogits(x, target, weight, posWeight, reduction);
}

/** Scores [..,C] and targets [..,C] of 0 and 1: the mean over classes of their binary cross-entropies. */
export function multilabelSoftMarginLoss(
  x: Tensor,
  target: Tensor,
  ...args: Named<["weight", "reduction"], BinaryCrossEntropyOptions>
): Tensor {
  const names = "weight reduction";
  const given = named<BinaryCrossEntropyOptions>("multilabelSoftMarginLoss", names, args, {
    x,
    target,
  });
  const { weight = null, reduction = "mean" } = given;
  return torch.scope(() => {
    const positive = target.mul(torch.logSigmoid(x));
    const negative = target.neg().add(1).mul(torch.logSigmoid(x.neg()));
    const losses = positive.add(negative).neg();
    return reduced((weight ? losses.mul(weight) : losses).mean(-1), known(reduction));
  });
}

/** Options of the functional `multiMarginLoss`. */
export interface MultiMarginFunctionOptions extends LossOptions {
  /** 1 or 2, the power of the hinge; 1 by default. */
  readonly p?: number;
  /** 1 by default. */
  readonly margin?: number;
  /** A weight for every class [C]; none by default. */
  readonly weight?: Tensor | null;
}

/** Scores [B,C], classes y [B]: sum over i of max(0, margin - x_y + x_i)^p / C. */
export function multiMarginLoss(
  x: Tensor,
  target: Tensor,
  ...args: Named<["p", "margin", "weight", "reduction"], MultiMarginFunctionOptions>
): Tensor {
  const names = "p margin weight reduction";
  const given = named<MultiMarginFunctionOptions>("multiMarginLoss", names, args, { x, target });
  const { p = 1, margin = 1, weight = null, reduction = "mean" } = given;
  if (p !== 1 && p !== 2) throw new RangeError(`multiMarginLoss: p is 1 or 2, given ${p}`);
  if (weight && weight.ndim !== 1) {
    throw new RangeError(`multiMarginLoss: expected weights [C], given [${weight.shape}]`);
  }
  return torch.multiMarginLoss(x, target, p, margin, weight, reduction);
}
