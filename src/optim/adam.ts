import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import { negatives, type ParameterGroup, type ParameterGroupOptions } from "./groups";
import type { MasterOptions } from "./masters";
import { Optimizer, type Slot, type StateLists, type WithGradient } from "./optimizer";

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

/** What a step takes from the device, so that it can be recorded and done again. */
export interface StepOnDevice {
  /** The learning rate of every group, each [] float32. */
  readonly rates: readonly Tensor[];
  /** [] float32: 1 where something was not finite, which leaves weights and state as they were; else 0. */
  readonly foundInf: Tensor;
}

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

  /**
   * Takes a step as `step` does, with what changes from step to step on the device: the groups' rates
   * of the host are not looked at.
   */
  stepOnDevice({ rates, foundInf }: StepOnDevice): void {
    const taken = torch.noGrad(() => foundInf.neg().add(1));
    this.updateAll((group, params, number) => {
      const state = this.stateOf(group, params);
      const { step = [] } = state;
      torch.ops.aten._foreach_add_(
        step,
        step.map(() => taken),
      );
      this.updateMoments(group, params, state, { lr: rates[number], foundInf });
    });
    taken.dispose();
  }

  protected override update(
    group: ParameterGroup<AdamNumbers>,
    params: readonly WithGradient[],
  ): void {
    const state = this.stateOf(group, params);
    torch.ops.aten._foreach_add_(state.step ?? [], 1);
    this.updateMoments(group, params, state, { lr: group.lr });
  }

  private updateMoments(
    group: ParameterGroup<AdamNumbers>,
    params: readonly WithGradient[],
    { step = [], exp_avg, exp_avg_sq, max_exp_avg_sq }: StateLists,
    rate: Pick<FusedOptions, "lr" | "foundInf">,
  ): void {
    const { betas, eps, weightDecay, amsgrad, maximize } = group;
    this.fused(
      params.map(({ parameter }) => parameter),
      params.map(({ gradient }) => gradient),
      exp_avg ?? [],
      exp_avg_sq ?? [],
      max_exp_avg_sq ?? [],
      step,
      { ...rate, beta1: betas[0], beta2: betas[1], weightDecay, eps, amsgrad, maximize },
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
  options: FusedOptions,
];

interface FusedOptions {
  lr: number | Tensor;
  beta1: number;
  beta2: number;
  weightDecay: number;
  eps: number;
  amsgrad: boolean;
  maximize: boolean;
  foundInf?: Tensor;
}

/** Both overloads of a fused operator: the learning rate is a number or a tensor. */
type Fused = (...args: FusedArguments) => void;

const LIKE = "like parameter";

/** Adam (Kingma and Ba 2014, arXiv 1412.6980); weight decay is a part of the gradient. */
export class Adam extends AdamBase {
  constructor(
    params: readonly Tensor[] | readonly ParameterGroupOptions<AdamNumbers>[],
    options: AdamOptions = {},
  ) {
    const {
      lr = 1e-3,
      betas = [0.9, 0.999],
      eps = 1e-8,
      weightDecay = 0,
      amsgrad = false,
      maximize = false,
      masterWeights,
    } = checkOptions(new.target.name, options, [
      "lr",
      "betas",
      "eps",
      "weightDecay",
      "amsgrad",
      "maximize",
      "masterWeights",
    ]);
    super(params, { lr, betas, eps, weightDecay, amsgrad, maximize }, { masterWeights });
  }

  protected override fused(...args: FusedArguments): void {
    (torch.ops.aten._fused_adam_ as Fused)(...args);
  }
}

/** Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv 1711.05101). */
export class AdamW extends AdamBase {
  /** Each step takes lr * weightDecay of a weight away. */
  constructor(
    params: readonly Tensor[] | readonly ParameterGroupOptions<AdamNumbers>[],
    options: AdamOptions = {},
  ) {
    const {
      lr = 1e-3,
      betas = [0.9, 0.999],
      eps = 1e-8,
      weightDecay = 0.01,
      amsgrad = false,
      maximize = false,
      masterWeights,
    } = checkOptions(new.target.name, options, [
      "lr",
      "betas",
      "eps",
      "weightDecay",
      "amsgrad",
      "maximize",
      "masterWeights",
    ]);
    super(params, { lr, betas, eps, weightDecay, amsgrad, maximize }, { masterWeights });
  }

  protected override fused(...args: FusedArguments): void {
    (torch.ops.aten._fused_adamw_ as Fused)(...args);
  }
}
