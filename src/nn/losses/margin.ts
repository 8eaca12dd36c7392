import type { Tensor } from "../../torch";
import * as torch from "../../torch";
import { checkOptions } from "../../torch/errors";
import { multiMarginLoss } from "../functions/class-losses";
import { marginRankingLoss, tripletMarginLoss } from "../functions/losses";
import { Module } from "../module";
import type { Buffer } from "../parameter";
import { type LossOptions, type LossReduction, weightBuffer } from "./options";

/** Options of losses with a margin. */
export interface MarginOptions extends LossOptions {
  /** How far apart is far enough; by default 1, and 0 in `CosineEmbeddingLoss` and `MarginRankingLoss`. */
  readonly margin?: number;
}

/** a, b [B,D], signs y [B]: 1 - cos(a, b) where y is 1, max(0, cos(a, b) - margin) where it is -1. */
export class CosineEmbeddingLoss extends Module {
  readonly margin: number;
  readonly reduction: LossReduction;

  constructor(options: MarginOptions = {}) {
    const { margin = 0, reduction = "mean" } = checkOptions(new.target.name, options, [
      "margin",
      "reduction",
    ]);
    super();
    this.margin = margin;
    this.reduction = reduction;
  }

  override forward(a: Tensor, b: Tensor, target: Tensor): Tensor {
    return torch.cosineEmbeddingLoss(a, b, target, this.margin, this.reduction);
  }
}

/** a, b and signs y [B]: max(0, -y (a - b) + margin). */
export class MarginRankingLoss extends Module {
  readonly margin: number;
  readonly reduction: LossReduction;

  constructor(options: MarginOptions = {}) {
    const { margin = 0, reduction = "mean" } = checkOptions(new.target.name, options, [
      "margin",
      "reduction",
    ]);
    super();
    this.margin = margin;
    this.reduction = reduction;
  }

  override forward(a: Tensor, b: Tensor, target: Tensor): Tensor {
    return marginRankingLoss(a, b, target, this.margin, this.reduction);
  }
}

/** x and signs y of one shape: x where y is 1, max(0, margin - x) where it is -1. */
export class HingeEmbeddingLoss extends Module {
  readonly margin: number;
  readonly reduction: LossReduction;

  constructor(options: MarginOptions = {}) {
    const { margin = 1, reduction = "mean" } = checkOptions(new.target.name, options, [
      "margin",
      "reduction",
    ]);
    super();
    this.margin = margin;
    this.reduction = reduction;
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    return torch.hingeEmbeddingLoss(x, target, this.margin, this.reduction);
  }
}

/** x and signs y of one shape: log(1 + e^(-y x)). */
export class SoftMarginLoss extends Module {
  readonly reduction: LossReduction;

  constructor(options: LossOptions = {}) {
    const { reduction = "mean" } = checkOptions(new.target.name, options, ["reduction"]);
    super();
    this.reduction = reduction;
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    return torch.softMarginLoss(x, target, this.reduction);
  }
}

/** Options of `TripletMarginLoss`. */
export interface TripletMarginOptions extends MarginOptions {
  /** Which norm is the distance; 2 by default. */
  readonly p?: number;
  /** Added to the differences; 1e-6 by default. */
  readonly eps?: number;
  /** Whether the positive may be the anchor where that is harder; false by default. */
  readonly swap?: boolean;
}

/** anchor, positive, negative [B,D]: max(0, |anchor - positive| - |anchor - negative| + margin). */
export class TripletMarginLoss extends Module {
  readonly margin: number;
  readonly norm: number;
  readonly eps: number;
  readonly swap: boolean;
  readonly reduction: LossReduction;

  constructor(options: TripletMarginOptions = {}) {
    const {
      margin = 1,
      p = 2,
      eps = 1e-6,
      swap = false,
      reduction = "mean",
    } = checkOptions(new.target.name, options, ["p", "eps", "swap", "margin", "reduction"]);
    super();
    this.margin = margin;
    this.norm = p;
    this.eps = eps;
    this.swap = swap;
    this.reduction = reduction;
  }

  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const { margin, norm, eps, swap, reduction } = this;
    return tripletMarginLoss(anchor, positive, negative, margin, norm, eps, swap, reduction);
  }
}

/** Options of `MultiMarginLoss`. */
export interface MultiMarginOptions extends MarginOptions {
  /** 1 or 2, the power of the hinge; 1 by default. */
  readonly p?: number;
  /** A weight for every class [C]; none by default. */
  readonly weight?: Tensor | null;
}

/** Scores [B,C], classes y [B] int64: sum over i of max(0, margin - x_y + x_i)^p / C. */
export class MultiMarginLoss extends Module {
  weight: Buffer | null;
  readonly p: number;
  readonly margin: number;
  readonly reduction: LossReduction;

  constructor(options: MultiMarginOptions = {}) {
    const {
      p = 1,
      margin = 1,
      weight = null,
      reduction = "mean",
    } = checkOptions(new.target.name, options, ["p", "weight", "margin", "reduction"]);
    super();
    this.p = p;
    this.margin = margin;
    this.weight = weightBuffer(weight);
    this.reduction = reduction;
  }

  override forward(scores: Tensor, target: Tensor): Tensor {
    const { p, margin, weight, reduction } = this;
    return multiMarginLoss(scores, target, p, margin, weight, reduction);
  }
}

/** Scores [B,C], the true classes of each sample [B,C] int64, -1 after the last. */
export class MultiLabelMarginLoss extends Module {
  readonly reduction: LossReduction;

  constructor(options: LossOptions = {}) {
    const { reduction = "mean" } = checkOptions(new.target.name, options, ["reduction"]);
    super();
    this.reduction = reduction;
  }

  override forward(scores: Tensor, target: Tensor): Tensor {
    return torch.multilabelMarginLoss(scores, target, this.reduction);
  }
}
