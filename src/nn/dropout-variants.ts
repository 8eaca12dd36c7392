import type { Tensor } from "../torch";
import * as torch from "../torch";
import { Module } from "./module";
import { checkDimensions } from "./running-norm";

abstract class DropoutVariant extends Module {
  /** Throws RangeError for a p outside of 0 and 1. */
  constructor(readonly p = 0.5) {
    super();
    if (!(p >= 0 && p <= 1)) throw new RangeError(`dropout probability ${p} is not within 0 and 1`);
  }
}

/** x [B,n,L] or [n,L]: in training, zeroes whole channels with probability p. */
export class Dropout1d extends DropoutVariant {
  override forward(x: Tensor): Tensor {
    checkDimensions(this, x, [2, 3]);
    if (x.ndim === 3) return torch.featureDropout(x, this.p, this.training);
    return torch.featureDropout(x.unsqueeze(0), this.p, this.training).squeeze(0);
  }
}

/** x [B,n,H,W]: in training, zeroes whole channels with probability p (Tompson et al. 2014, arXiv 1411.4280). */
export class Dropout2d extends DropoutVariant {
  override forward(x: Tensor): Tensor {
    checkDimensions(this, x, [3, 4]);
    return torch.featureDropout(x, this.p, this.training);
  }
}

/** x [B,n,Z,H,W] or [n,Z,H,W]: in training, zeroes whole channels with probability p. */
export class Dropout3d extends DropoutVariant {
  override forward(x: Tensor): Tensor {
    checkDimensions(this, x, [4, 5]);
    if (x.ndim === 5) return torch.featureDropout(x, this.p, this.training);
    return torch.featureDropout(x.unsqueeze(0), this.p, this.training).squeeze(0);
  }
}

/** Dropout that keeps mean 0 and variance 1, for SELU (Klambauer et al. 2017, arXiv 1706.02515). */
export class AlphaDropout extends DropoutVariant {
  override forward(x: Tensor): Tensor {
    return torch.alphaDropout(x, this.p, this.training);
  }
}

/** AlphaDropout of whole channels. */
export class FeatureAlphaDropout extends DropoutVariant {
  override forward(x: Tensor): Tensor {
    return torch.featureAlphaDropout(x, this.p, this.training);
  }
}
