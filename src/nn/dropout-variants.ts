import type { Tensor } from "../torch";
import {
  alphaDropout,
  checkProbability,
  dropout1d,
  dropout2d,
  dropout3d,
  featureAlphaDropout,
} from "./functions/dropout";
import { Module } from "./module";

abstract class DropoutVariant extends Module {
  /** Throws RangeError for a p outside of 0 and 1. */
  constructor(readonly p = 0.5) {
    super();
    checkProbability(p);
  }
}

/** x [B,n,L] or [n,L]: in training, zeroes whole channels with probability p. */
export class Dropout1d extends DropoutVariant {
  override forward(x: Tensor): Tensor {
    return dropout1d(x, this.p, this.training);
  }
}

/** x [B,n,H,W]: in training, zeroes whole channels with probability p (Tompson et al. 2014, arXiv 1411.4280). */
export class Dropout2d extends DropoutVariant {
  override forward(x: Tensor): Tensor {
    return dropout2d(x, this.p, this.training);
  }
}

/** x [B,n,Z,H,W] or [n,Z,H,W]: in training, zeroes whole channels with probability p. */
export class Dropout3d extends DropoutVariant {
  override forward(x: Tensor): Tensor {
    return dropout3d(x, this.p, this.training);
  }
}

/** Dropout that keeps mean 0 and variance 1, for SELU (Klambauer et al. 2017, arXiv 1706.02515). */
export class AlphaDropout extends DropoutVariant {
  override forward(x: Tensor): Tensor {
    return alphaDropout(x, this.p, this.training);
  }
}

/** AlphaDropout of whole channels. */
export class FeatureAlphaDropout extends DropoutVariant {
  override forward(x: Tensor): Tensor {
    return featureAlphaDropout(x, this.p, this.training);
  }
}
