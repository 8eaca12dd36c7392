import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import { negatives, type ParameterGroup, type ParameterGroupOptions } from "./groups";
import type { MasterOptions } from "./masters";
import { Optimizer, type Slot, type WithGradient } from "./optimizer";

/** What an update takes beside the gradient; a group may have its own. */
export interface RMSpropNumbers {
  /** The learning rate. */
  lr: number;
  /** How slowly the mean of squared gradients forgets. */
  alpha: number;
  /** Added to the denominator. */
  eps: number;
  /** How much of the weight is added to its gradient. */
  weightDecay: number;
  /** How much of the last step's direction is kept. */
  momentum: number;
  /** Whether the variance divides the gradient in the place of the mean square. */
  centered: boolean;
  /** Whether steps go up the gradient. */
  maximize: boolean;
}

/** A rate of 1e-2, alpha 0.99, eps 1e-8 and nothing else by default. */
export type RMSpropOptions = Partial<Readonly<RMSpropNumbers>> & MasterOptions;

const LIKE = "like parameter";

/** RMSprop (Tieleman and Hinton 2012; centered: Graves 2013, arXiv 1308.0850) on LibTorch's foreach operators. */
export class RMSprop extends Optimizer<RMSpropNumbers> {
  constructor(
    params: readonly Tensor[] | readonly ParameterGroupOptions<RMSpropNumbers>[],
    options: RMSpropOptions = {},
  ) {
    const {
      lr = 1e-2,
      alpha = 0.99,
      eps = 1e-8,
      weightDecay = 0,
      momentum = 0,
      centered = false,
      maximize = false,
      masterWeights,
    } = checkOptions(new.target.name, options, [
      "lr",
      "alpha",
      "eps",
      "weightDecay",
      "momentum",
      "centered",
      "maximize",
      "masterWeights",
    ]);
    super(params, { lr, alpha, eps, weightDecay, momentum, centered, maximize }, { masterWeights });
  }

  protected override slotsOf(
    group: ParameterGroup<RMSpropNumbers>,
  ): Readonly<Record<string, Slot>> {
    return {
      step: "count",
      square_avg: LIKE,
      ...(group.momentum > 0 ? { momentum_buffer: LIKE } : {}),
      ...(group.centered ? { grad_avg: LIKE } : {}),
    };
  }

  protected override problemsOf(group: ParameterGroup<RMSpropNumbers>): string[] {
    const { lr, alpha, eps, weightDecay, momentum } = group;
    return negatives({ lr, alpha, eps, weightDecay, momentum });
  }

  protected override update(
    group: ParameterGroup<RMSpropNumbers>,
    params: readonly WithGradient[],
  ): void {
    const { lr, alpha, momentum } = group;
    const state = this.stateOf(group, params);
    const weights = params.map(({ parameter }) => parameter);
    const gradients = directions(group, params);
    const { step = [], square_avg: squares = [], momentum_buffer: buffers } = state;
    foreach._foreach_add_(step, 1);
    foreach._foreach_mul_(squares, alpha);
    foreach._foreach_addcmul_(squares, gradients, gradients, 1 - alpha);
    const denominators = this.denominators(group, squares, state.grad_avg, gradients);
    if (momentum > 0 && buffers) {
      foreach._foreach_mul_(buffers, momentum);
      foreach._foreach_addcdiv_(buffers, gradients, denominators, 1);
      foreach._foreach_add_(weights, buffers, { alpha: -lr });
    } else {
      foreach._foreach_addcdiv_(weights, gradients, denominators, -lr);
    }
  }

  /** sqrt(mean square - mean^2) + eps, without the mean where it is not centered. */
  private denominators(
    { alpha, eps }: ParameterGroup<RMSpropNumbers>,
    squares: readonly Tensor[],
    means: readonly Tensor[] | undefined,
    gradients: readonly Tensor[],
  ): Tensor[] {
    if (means) foreach._foreach_lerp_(means, gradients, 1 - alpha);
    const variances = means ? foreach._foreach_addcmul(squares, means, means, -1) : squares;
    const roots = foreach._foreach_sqrt(variances);
    foreach._foreach_add_(roots, eps);
    return roots;
  }
}

const foreach = torch.ops.aten;

/** The gradients, with what maximizing and weight decay make of them. */
function directions(
  { maximize, weightDecay }: ParameterGroup<RMSpropNumbers>,
  params: readonly WithGradient[],
): Tensor[] {
  const given = params.map(({ gradient }) => gradient);
  const signed = maximize ? foreach._foreach_neg(given) : given;
  if (weightDecay === 0) return signed;
  const weights = params.map(({ parameter }) => parameter);
  return foreach._foreach_add(signed, weights, { alpha: weightDecay });
}
