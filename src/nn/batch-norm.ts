import type { Tensor } from "../torch";
import * as torch from "../torch";
import { batchNorm } from "./functions/norms";
import { checkDimensions, RunningNorm, type RunningNormOptions } from "./running-norm";

/** Options of batch norms, which are affine and keep running statistics by default. */
export type BatchNormOptions = RunningNormOptions;

/** Normalises every channel over the batch (Ioffe and Szegedy 2015, arXiv 1502.03167). */
abstract class BatchNorm extends RunningNorm {
  protected abstract readonly dimensions: readonly number[];

  constructor(
    numFeatures: number,
    {
      eps = 1e-5,
      momentum = 0.1,
      affine = true,
      trackRunningStats = true,
      bias = true,
      ...factory
    }: BatchNormOptions = {},
  ) {
    super(numFeatures, eps, momentum, affine, trackRunningStats, bias, factory);
  }

  /** In training by the batch's statistics, which also enter the running ones. */
  override forward(x: Tensor): Tensor {
    checkDimensions(this, x, this.dimensions);
    const { running_mean: mean, running_var: variance, weight, bias, eps, training } = this;
    const byBatch = training || mean === null;
    const momentum = training ? this.countBatch() : 0;
    return batchNorm(x, mean, variance, weight, bias, byBatch, momentum, eps);
  }

  /** Notes another batch; what it weighs. */
  private countBatch(): number {
    const { num_batches_tracked: batches, momentum } = this;
    if (batches) torch.noGrad(() => batches.add_(1));
    return momentum ?? (batches ? 1 / batches.item() : 0);
  }
}

/**
 * x [B,n] or [B,n,L], normalised over B and L for each of the n channels.
 *
 * Throws RangeError for another number of dimensions.
 */
export class BatchNorm1d extends BatchNorm {
  protected override get dimensions(): readonly number[] {
    return [2, 3];
  }
}

/**
 * x [B,n,H,W], normalised over B, H and W for each of the n channels.
 *
 * Throws RangeError for another number of dimensions.
 */
export class BatchNorm2d extends BatchNorm {
  protected override get dimensions(): readonly number[] {
    return [4];
  }
}

/**
 * x [B,n,Z,H,W], normalised over B, Z, H and W for each of the n channels.
 *
 * Throws RangeError for another number of dimensions.
 */
export class BatchNorm3d extends BatchNorm {
  protected override get dimensions(): readonly number[] {
    return [5];
  }
}
