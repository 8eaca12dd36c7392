import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import { negatives, type ParameterGroup, type ParameterGroupOptions } from "./groups";
import type { MasterOptions } from "./masters";
import { Optimizer, type Slot, type WithGradient } from "./optimizer";

/** What an update takes beside the gradient; a group may have its own. */
export interface SGDNumbers {
  /** The learning rate. */
  lr: number;
  /** How much of the last step's direction is kept. */
  momentum: number;
  /** How much less than whole the gradient enters the momentum. */
  dampening: number;
  /** How much of the weight is added to its gradient. */
  weightDecay: number;
  /** Whether the gradient is taken after the momentum's step (Sutskever et al. 2013). */
  nesterov: boolean;
  /** Whether steps go up the gradient. */
  maximize: boolean;
}

/** A rate of 1e-3 and nothing else by default. */
export type SGDOptions = Partial<Readonly<SGDNumbers>> & MasterOptions;

/** Stochastic gradient descent, with momentum as PyTorch has it, in one fused call for a group. */
export class SGD extends Optimizer<SGDNumbers> {
  constructor(
    params: readonly Tensor[] | readonly ParameterGroupOptions<SGDNumbers>[],
    options: SGDOptions = {},
  ) {
    const {
      lr = 1e-3,
      momentum = 0,
      dampening = 0,
      weightDecay = 0,
      nesterov = false,
      maximize = false,
      masterWeights,
    } = checkOptions(new.target.name, options, [
      "lr",
      "momentum",
      "dampening",
      "weightDecay",
      "nesterov",
      "maximize",
      "masterWeights",
    ]);
    super(params, { lr, momentum, dampening, weightDecay, nesterov, maximize }, { masterWeights });
  }

  protected override slotsOf({
    momentum,
  }: ParameterGroup<SGDNumbers>): Readonly<Record<string, Slot>> {
    return momentum === 0 ? {} : { momentum_buffer: "like parameter" };
  }

  protected override problemsOf(group: ParameterGroup<SGDNumbers>): string[] {
    const { lr, momentum, weightDecay, nesterov, dampening } = group;
    const problems = negatives({ lr, momentum, weightDecay });
    if (nesterov && !(momentum > 0 && dampening === 0)) {
      problems.push("nesterov needs a momentum above 0 and no dampening");
    }
    return problems;
  }

  /** The first gradient of a parameter becomes its momentum whole, whatever the dampening. */
  protected override update(
    group: ParameterGroup<SGDNumbers>,
    params: readonly WithGradient[],
  ): void {
    const isNew = ({ parameter }: WithGradient) =>
      group.momentum !== 0 && !this.hasState(parameter);
    const first = params.filter(isNew);
    const others = params.filter((each) => !first.includes(each));
    if (first.length > 0) this.fused(group, first, true);
    if (others.length > 0) this.fused(group, others, false);
  }

  private fused(
    group: ParameterGroup<SGDNumbers>,
    params: readonly WithGradient[],
    isFirstStep: boolean,
  ): void {
    const { lr, momentum, dampening, weightDecay, nesterov, maximize } = group;
    torch.ops.aten._fused_sgd_(
      params.map(({ parameter }) => parameter),
      params.map(({ gradient }) => gradient),
      this.stateOf(group, params).momentum_buffer ?? [],
      { lr, momentum, dampening, weightDecay, nesterov, maximize, isFirstStep },
    );
  }
}
