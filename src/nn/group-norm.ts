import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import { groupNorm } from "./functions/norms";
import { ones_, zeros_ } from "./init";
import type { FactoryOptions } from "./linear";
import { Module } from "./module";
import { Parameter } from "./parameter";

export interface GroupNormOptions extends FactoryOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number;
  /** Whether there are a weight and a bias; true by default. */
  readonly affine?: boolean;
  /** Whether there is a bias beside the weight; true by default. */
  readonly bias?: boolean;
}

/** x [B,n,..], normalised over each of the groups of channels (Wu and He 2018, arXiv 1803.08494). */
export class GroupNorm extends Module {
  weight: Parameter | null;
  bias: Parameter | null;
  readonly eps: number;
  readonly affine: boolean;

  /** Throws RangeError where the groups do not divide the channels. */
  constructor(
    readonly numGroups: number,
    readonly numChannels: number,
    options: GroupNormOptions = {},
  ) {
    const {
      eps = 1e-5,
      affine = true,
      bias = true,
      ...factory
    } = checkOptions(new.target.name, options, ["eps", "affine", "bias", "device", "dtype"]);
    super();
    if (!Number.isInteger(numChannels / numGroups)) {
      throw new RangeError(`${numGroups} groups do not divide ${numChannels} channels`);
    }
    this.eps = eps;
    this.affine = affine;
    this.weight = affine ? new Parameter(torch.ones([numChannels], factory)) : null;
    this.bias = affine && bias ? new Parameter(torch.zeros([numChannels], factory)) : null;
  }

  override forward(x: Tensor): Tensor {
    return groupNorm(x, this.numGroups, this.weight, this.bias, this.eps);
  }

  resetParameters(): void {
    if (this.weight) ones_(this.weight);
    if (this.bias) zeros_(this.bias);
  }
}
