import type { Tensor } from "../../torch";
import { checkOptions } from "../../torch/errors";
import {
  gaussianNllLoss,
  huberLoss,
  klDiv,
  l1Loss,
  mseLoss,
  poissonNllLoss,
  smoothL1Loss,
} from "../functions/losses";
import { Module } from "../module";
import type { LossOptions, LossReduction } from "./options";

/** |x - y| */
export class L1Loss extends Module {
  readonly reduction: LossReduction;

  constructor(options: LossOptions = {}) {
    const { reduction = "mean" } = checkOptions(new.target.name, options, ["reduction"]);
    super();
    this.reduction = reduction;
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    return l1Loss(x, target, this.reduction);
  }
}

/** (x - y)^2 */
export class MSELoss extends Module {
  readonly reduction: LossReduction;

  constructor(options: LossOptions = {}) {
    const { reduction = "mean" } = checkOptions(new.target.name, options, ["reduction"]);
    super();
    this.reduction = reduction;
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    return mseLoss(x, target, this.reduction);
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

  constructor(options: SmoothL1Options = {}) {
    const { reduction = "mean", beta = 1 } = checkOptions(new.target.name, options, [
      "beta",
      "reduction",
    ]);
    super();
    this.reduction = reduction;
    this.beta = beta;
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    return smoothL1Loss(x, target, this.reduction, this.beta);
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

  constructor(options: HuberOptions = {}) {
    const { reduction = "mean", delta = 1 } = checkOptions(new.target.name, options, [
      "delta",
      "reduction",
    ]);
    super();
    this.reduction = reduction;
    this.delta = delta;
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    return huberLoss(x, target, this.reduction, this.delta);
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

  constructor(options: KLDivOptions = {}) {
    const { reduction = "mean", logTarget = false } = checkOptions(new.target.name, options, [
      "reduction",
      "logTarget",
    ]);
    super();
    this.reduction = reduction;
    this.logTarget = logTarget;
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    const { reduction, logTarget } = this;
    return klDiv(x, target, reduction, logTarget);
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

  constructor(options: PoissonNLLOptions = {}) {
    const {
      logInput = true,
      full = false,
      eps = 1e-8,
      reduction = "mean",
    } = checkOptions(new.target.name, options, ["logInput", "full", "eps", "reduction"]);
    super();
    this.logInput = logInput;
    this.full = full;
    this.eps = eps;
    this.reduction = reduction;
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    const { logInput, full, eps, reduction } = this;
    return poissonNllLoss(x, target, logInput, full, eps, reduction);
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

  constructor(options: GaussianNLLOptions = {}) {
    const {
      full = false,
      eps = 1e-6,
      reduction = "mean",
    } = checkOptions(new.target.name, options, ["full", "eps", "reduction"]);
    super();
    this.full = full;
    this.eps = eps;
    this.reduction = reduction;
  }

  override forward(x: Tensor, target: Tensor, variance: Tensor | number): Tensor {
    const { full, eps, reduction } = this;
    return gaussianNllLoss(x, target, variance, full, eps, reduction);
  }
}
