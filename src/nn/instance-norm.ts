import type { Tensor } from "../torch";
import { instanceNorm } from "./functions/norms";
import { checkDimensions, RunningNorm, type RunningNormOptions } from "./running-norm";

/** Options of instance norms, which are neither affine nor keep running statistics by default. */
export type InstanceNormOptions = RunningNormOptions;

/** Normalises every channel of every sample (Ulyanov et al. 2016, arXiv 1607.08022). */
abstract class InstanceNorm extends RunningNorm {
  /** How many dimensions a sample has, its channels included. */
  protected abstract readonly dims: number;

  constructor(
    numFeatures: number,
    {
      eps = 1e-5,
      momentum = 0.1,
      affine = false,
      trackRunningStats = false,
      bias = true,
      ...factory
    }: InstanceNormOptions = {},
  ) {
    super(numFeatures, eps, momentum, affine, trackRunningStats, bias, factory);
  }

  /** One sample or a batch of them. */
  override forward(x: Tensor): Tensor {
    checkDimensions(this, x, [this.dims, this.dims + 1]);
    if (x.ndim === this.dims) return this.normalise(x.unsqueeze(0)).squeeze(0);
    return this.normalise(x);
  }

  private normalise(x: Tensor): Tensor {
    const { running_mean: mean, running_var: variance, weight, bias, eps } = this;
    const bySample = this.training || mean === null;
    const momentum = this.momentum ?? 0;
    return instanceNorm(x, mean, variance, weight, bias, bySample, momentum, eps);
  }
}

/**
 * x [B,n,L], normalised over L for each sample and channel.
 *
 * Throws RangeError for another number of dimensions.
 */
export class InstanceNorm1d extends InstanceNorm {
  protected override get dims(): number {
    return 2;
  }
}

/**
 * x [B,n,H,W], normalised over H and W for each sample and channel.
 *
 * Throws RangeError for another number of dimensions.
 */
export class InstanceNorm2d extends InstanceNorm {
  protected override get dims(): number {
    return 3;
  }
}

/**
 * x [B,n,Z,H,W], normalised over Z, H and W for each sample and channel.
 *
 * Throws RangeError for another number of dimensions.
 */
export class InstanceNorm3d extends InstanceNorm {
  protected override get dims(): number {
    return 4;
  }
}
