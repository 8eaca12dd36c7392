import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import { Module } from "./module";

/** Options of `CosineSimilarity`. */
export interface CosineSimilarityOptions {
  /** Along which dimension; 1 by default. */
  readonly dim?: number;
  /** The smallest product of norms; 1e-8 by default. */
  readonly eps?: number;
}

/** a.b / (|a| |b|) along a dimension. */
export class CosineSimilarity extends Module {
  readonly dim: number;
  readonly eps: number;

  constructor(options: CosineSimilarityOptions = {}) {
    const { dim = 1, eps = 1e-8 } = checkOptions(new.target.name, options, ["dim", "eps"]);
    super();
    this.dim = dim;
    this.eps = eps;
  }

  override forward(a: Tensor, b: Tensor): Tensor {
    return torch.cosineSimilarity(a, b, this.dim, this.eps);
  }
}

/** Options of `PairwiseDistance`. */
export interface PairwiseDistanceOptions {
  /** Which norm; 2 by default. */
  readonly p?: number;
  /** Added to the differences; 1e-6 by default. */
  readonly eps?: number;
  /** Whether the last dimension stays, of size 1; false by default. */
  readonly keepdim?: boolean;
}

/** The norm of a - b + eps along the last dimension. */
export class PairwiseDistance extends Module {
  readonly norm: number;
  readonly eps: number;
  readonly keepdim: boolean;

  constructor(options: PairwiseDistanceOptions = {}) {
    const {
      p = 2,
      eps = 1e-6,
      keepdim = false,
    } = checkOptions(new.target.name, options, ["p", "eps", "keepdim"]);
    super();
    this.norm = p;
    this.eps = eps;
    this.keepdim = keepdim;
  }

  override forward(a: Tensor, b: Tensor): Tensor {
    return torch.pairwiseDistance(a, b, this.norm, this.eps, this.keepdim);
  }
}
