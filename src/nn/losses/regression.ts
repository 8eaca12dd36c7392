import type { Tensor } from "../../torch";
import * as torch from "../../torch";
import { Module } from "../module";
import { type LossOptions, type LossReduction, reduced } from "./options";

/** |x - y| */
export class L1Loss extends Module {
  readonly reduction: LossReduction;

  constructor({ reduction = "mean" }: LossOptions = {}) {
    super();
    this.reduction = reduction;
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    return torch.l1Loss(x, target, this.reduction);
  }
}

/** (x - y)^2 */
export class MSELoss extends Module {
  readonly reduction: LossReduction;

  constructor({ reduction = "mean" }: LossOptions = {}) {
    super();
    this.reduction = reduction;
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    return torch.mseLoss(x, target, this.reduction);
  }
}

/** Options of `SmoothL1Loss`. */
export interface SmoothL1Options extends LossOptions {
  /** Where the parabola becomes a line; 1 by default. */
  readonly beta?: number;
}

/** (x - y)^2 / (2 beta) below beta, |x - y| - beta / 2 above (Girshick 2015, arXiv 1504.08083). */
export class SmoothL1Loss extends Module {
  readonly reduction: LossReduction;
  readonly beta: number;

  constructor({ reduction = "mean", beta = 1 }: SmoothL1Options = {}) {
    super();
    this.reduction = reduction;
    this.beta = beta;
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    return torch.smoothL1Loss(x, target, this.reduction, this.beta);
  }
}

/** Options of `HuberLoss`. */
export interface HuberOptions extends LossOptions {
  /** Where the parabola becomes a line; 1 by default. */
  readonly delta?: number;
}

/** (x - y)^2 / 2 below delta, delta (|x - y| - delta / 2) above (Huber 1964). */
export class HuberLoss extends Module {
  readonly reduction: LossReduction;
  readonly delta: number;

  constructor({ reduction = "mean", delta = 1 }: HuberOptions = {}) {
    super();
    this.reduction = reduction;
    this.delta = delta;
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    return torch.huberLoss(x, target, this.reduction, this.delta);
  }
}

/** Options of `KLDivLoss`. */
export interface KLDivOptions {
  /** "mean" over elements by default; "batchmean" is the divergence itself. */
  readonly reduction?: LossReduction | "batchmean";
  /** Whether the target is of logarithms too; false by default. */
  readonly logTarget?: boolean;
}

/** Log-probabilities x and probabilities y -> y (log y - x). */
export class KLDivLoss extends Module {
  readonly reduction: LossReduction | "batchmean";
  readonly logTarget: boolean;

  constructor({ reduction = "mean", logTarget = false }: KLDivOptions = {}) {
    super();
    this.reduction = reduction;
    this.logTarget = logTarget;
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    const { reduction, logTarget } = this;
    if (reduction !== "batchmean") return torch.klDiv(x, target, reduction, { logTarget });
    return torch.klDiv(x, target, "sum", { logTarget }).div(x.shape[0]);
  }
}

/** Options of `PoissonNLLLoss`. */
export interface PoissonNLLOptions extends LossOptions {
  /** Whether x is the logarithm of the rate; true by default. */
  readonly logInput?: boolean;
  /** Whether Stirling's approximation of log(y!) is added; false by default. */
  readonly full?: boolean;
  /** Keeps the logarithm of a rate finite; 1e-8 by default. */
  readonly eps?: number;
}

/** Minus the log-likelihood of counts y under Poisson rates e^x. */
export class PoissonNLLLoss extends Module {
  readonly logInput: boolean;
  readonly full: boolean;
  readonly eps: number;
  readonly reduction: LossReduction;

  constructor({
    logInput = true,
    full = false,
    eps = 1e-8,
    reduction = "mean",
  }: PoissonNLLOptions = {}) {
    super();
    this.logInput = logInput;
    this.full = full;
    this.eps = eps;
    this.reduction = reduction;
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    const { logInput, full, eps, reduction } = this;
    return torch.poissonNllLoss(x, target, logInput, full, eps, reduction);
  }
}

/** Options of `GaussianNLLLoss`. */
export interface GaussianNLLOptions extends LossOptions {
  /** Whether log(2 pi) / 2 is added; false by default. */
  readonly full?: boolean;
  /** The smallest variance; 1e-6 by default. */
  readonly eps?: number;
}

/** Minus the log-likelihood of y under normal distributions of means x and given variances. */
export class GaussianNLLLoss extends Module {
  readonly full: boolean;
  readonly eps: number;
  readonly reduction: LossReduction;

  constructor({ full = false, eps = 1e-6, reduction = "mean" }: GaussianNLLOptions = {}) {
    super();
    this.full = full;
    this.eps = eps;
    this.reduction = reduction;
  }

  override forward(x: Tensor, target: Tensor, variance: Tensor): Tensor {
    // The bound is a constant of the loss: gradients pass it, as in PyTorch.
    const bound = variance.detach().clampMin(this.eps);
    const bounded = variance.add(bound.sub(variance.detach()));
    const losses = bounded.log().add(x.sub(target).square().div(bounded)).mul(0.5);
    const constant = this.full ? 0.5 * Math.log(2 * Math.PI) : 0;
    return reduced(losses.add(constant), this.reduction);
  }
}
