import type { Tensor } from "../torch";
import * as torch from "../torch";
import { negatives, type ParameterGroup, type ParameterGroupOptions } from "./groups";
import type { MasterOptions } from "./masters";
import { Optimizer, type Slot, type WithGradient } from "./optimizer";

/** What an update takes beside the gradient; a group may have its own. */
export interface AdamNumbers {
  /** The learning rate; 1e-3 by default. */
  lr: number;
  /** Decay rates of the two moments. */
  betas: readonly [number, number];
  /** Added to the denominator. */
  eps: number;
  /** 0 by default in Adam, 0.01 in AdamW. */
  weightDecay: number;
  /** Whether the largest second moment so far is taken (Reddi et al. 2018, arXiv 1904.09237). */
  amsgrad: boolean;
  /** Whether steps go up the gradient. */
  maximize: boolean;
}

/** [0.9, 0.999], 1e-8, no AMSGrad, and down the gradient by default. */
export type AdamOptions = Partial<Readonly<AdamNumbers>> & MasterOptions;

/** Adam's moments, and one fused call for all parameters of a group that are alike. */
export abstract class AdamBase extends Optimizer<AdamNumbers> {
  protected override slotsOf({
    amsgrad,
  }: ParameterGroup<AdamNumbers>): Readonly<Record<string, Slot>> {
    const moments = { step: "count", exp_avg: LIKE, exp_avg_sq: LIKE } as const;
    return amsgrad ? { ...moments, max_exp_avg_sq: LIKE } : moments;
  }

  protected override problemsOf({
    lr,
    betas,
    eps,
    weightDecay,
  }: ParameterGroup<AdamNumbers>): string[] {
    const outside = betas.filter((beta) => !(beta >= 0 && beta < 1));
    return [
      ...negatives({ lr, eps, weightDecay }),
      ...outside.map((beta) => `beta ${beta} is not within 0 and 1`),
    ];
  }

  protected override update(
    group: ParameterGroup<AdamNumbers>,
    params: readonly WithGradient[],
  ): void {
    const { step = [], exp_avg, exp_avg_sq, max_exp_avg_sq } = this.stateOf(group, params);
    const { lr, betas, eps, weightDecay, amsgrad, maximize } = group;
    torch.ops.aten._foreach_add_(step, 1);
    this.fused(
      params.map(({ parameter }) => parameter),
      params.map(({ gradient }) => gradient),
      exp_avg ?? [],
      exp_avg_sq ?? [],
      max_exp_avg_sq ?? [],
      step,
      { lr, beta1: betas[0], beta2: betas[1], weightDecay, eps, amsgrad, maximize },
    );
  }

  protected abstract fused(...args: FusedArguments): void;
}

type FusedArguments = [
  parameters: Tensor[],
  gradients: Tensor[],
  firstMoments: Tensor[],
  secondMoments: Tensor[],
  largestSecondMoments: Tensor[],
  steps: Tensor[],
  options: {
    lr: number;
    beta1: number;
    beta2: number;
    weightDecay: number;
    eps: number;
    amsgrad: boolean;
    maximize: boolean;
  },
];

const LIKE = "like parameter";

/** Adam (Kingma and Ba 2014, arXiv 1412.6980); weight decay is a part of the gradient. */
export class Adam extends AdamBase {
  constructor(
    params: readonly Tensor[] | readonly ParameterGroupOptions<AdamNumbers>[],
    {
      lr = 1e-3,
      betas = [0.9, 0.999],
      eps = 1e-8,
      weightDecay = 0,
      amsgrad = false,
      maximize = false,
      masterWeights,
    }: AdamOptions = {},
  ) {
    super(params, { lr, betas, eps, weightDecay, amsgrad, maximize }, { masterWeights });
  }

  protected override fused(...args: FusedArguments): void {
    torch.ops.aten._fused_adam_(...args);
  }
}

/** Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv 1711.05101). */
export class AdamW extends AdamBase {
  /** Each step takes lr * weightDecay of a weight away. */
  constructor(
    params: readonly Tensor[] | readonly ParameterGroupOptions<AdamNumbers>[],
    {
      lr = 1e-3,
      betas = [0.9, 0.999],
      eps = 1e-8,
      weightDecay = 0.01,
      amsgrad = false,
      maximize = false,
      masterWeights,
    }: AdamOptions = {},
  ) {
    super(params, { lr, betas, eps, weightDecay, amsgrad, maximize }, { masterWeights });
  }

  protected override fused(...args: FusedArguments): void {
    torch.ops.aten._fused_adamw_(...args);
  }
}
