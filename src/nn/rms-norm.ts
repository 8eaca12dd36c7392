import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import { ones_ } from "./init";
import type { FactoryOptions } from "./linear";
import { Module } from "./module";
import { Parameter } from "./parameter";

export interface RMSNormOptions extends FactoryOptions {
  /** Added to the mean square; null, the default, is the smallest step of the input's dtype at 1. */
  readonly eps?: number | null;
  /** Whether there is a weight; true by default. */
  readonly elementwiseAffine?: boolean;
}

/** Divides the trailing dimensions by their root mean square (Zhang and Sennrich 2019, arXiv 1910.07467). */
export class RMSNorm extends Module {
  weight: Parameter | null;
  readonly normalizedShape: readonly number[];
  readonly eps: number | null;
  readonly elementwiseAffine: boolean;

  constructor(normalizedShape: number | readonly number[], options: RMSNormOptions = {}) {
    const {
      eps = null,
      elementwiseAffine = true,
      ...factory
    } = checkOptions(new.target.name, options, ["eps", "elementwiseAffine", "device", "dtype"]);
    super();
    this.normalizedShape =
      typeof normalizedShape === "number" ? [normalizedShape] : [...normalizedShape];
    this.eps = eps;
    this.elementwiseAffine = elementwiseAffine;
    this.weight = elementwiseAffine
      ? new Parameter(torch.ones([...this.normalizedShape], factory))
      : null;
  }

  override forward(x: Tensor): Tensor {
    return torch.rmsNorm(x, this.normalizedShape, this.weight, this.eps);
  }

  resetParameters(): void {
    if (this.weight) ones_(this.weight);
  }
}
