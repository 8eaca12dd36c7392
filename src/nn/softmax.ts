import type { Tensor } from "../torch";
import * as torch from "../torch";
import { Module } from "./module";

/** The dimension that PyTorch takes where none is given: the channels of images, else the last of two. */
function implicit({ ndim }: Tensor): number {
  return ndim === 0 || ndim === 1 || ndim === 3 ? 0 : 1;
}

/** e^x / sum(e^x) along a dimension. */
export class Softmax extends Module {
  constructor(readonly dim: number | null = null) {
    super();
  }

  override forward(x: Tensor): Tensor {
    return torch.softmax(x, this.dim ?? implicit(x));
  }
}

/** softmax(-x) along a dimension. */
export class Softmin extends Module {
  constructor(readonly dim: number | null = null) {
    super();
  }

  override forward(x: Tensor): Tensor {
    return torch.softmax(x.neg(), this.dim ?? implicit(x));
  }
}

/** log(softmax(x)) along a dimension. */
export class LogSoftmax extends Module {
  constructor(readonly dim: number | null = null) {
    super();
  }

  override forward(x: Tensor): Tensor {
    return torch.logSoftmax(x, this.dim ?? implicit(x));
  }
}

/**
 * x [B,n,H,W] or [n,H,W]: the softmax over the n channels of every place.
 *
 * Throws RangeError for another number of dimensions.
 */
export class Softmax2d extends Module {
  override forward(x: Tensor): Tensor {
    if (x.ndim === 3 || x.ndim === 4) return torch.softmax(x, -3);
    throw new RangeError(`Softmax2d takes inputs of 3 or 4 dimensions, given [${x.shape}]`);
  }
}

/** The first half along a dimension times the sigmoid of the second (Dauphin et al. 2016, arXiv 1612.08083). */
export class GLU extends Module {
  constructor(readonly dim = -1) {
    super();
  }

  override forward(x: Tensor): Tensor {
    return torch.glu(x, this.dim);
  }
}
