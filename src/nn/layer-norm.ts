import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import { Dropout } from "./dropout";
import { dropoutAddLayerNorm, layerNorm } from "./functional";
import { isHooked } from "./hooks";
import type { FactoryOptions } from "./linear";
import { Module } from "./module";
import { Parameter } from "./parameter";

export interface LayerNormOptions extends FactoryOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number;
  /** Whether there are a weight and a bias; true by default. */
  readonly elementwiseAffine?: boolean;
  /** Whether there is a bias beside the weight; true by default. */
  readonly bias?: boolean;
}

/** Normalises the trailing dimensions to mean 0 and variance 1, then scales and shifts them. */
export class LayerNorm extends Module {
  weight: Parameter | null;
  bias: Parameter | null;
  readonly normalizedShape: readonly number[];
  readonly eps: number;

  constructor(normalizedShape: number | readonly number[], options: LayerNormOptions = {}) {
    const {
      eps = 1e-5,
      elementwiseAffine = true,
      bias = true,
      ...factory
    } = checkOptions(new.target.name, options, [
      "eps",
      "elementwiseAffine",
      "bias",
      "device",
      "dtype",
    ]);
    super();
    this.normalizedShape =
      typeof normalizedShape === "number" ? [normalizedShape] : [...normalizedShape];
    this.eps = eps;
    const size = [...this.normalizedShape];
    this.weight = elementwiseAffine ? new Parameter(torch.ones(size, factory)) : null;
    this.bias = elementwiseAffine && bias ? new Parameter(torch.zeros(size, factory)) : null;
  }

  override forward(x: Tensor): Tensor {
    return layerNorm(x, this.normalizedShape, this.weight, this.bias, this.eps);
  }

  /** This norm of residual + dropout(x), x and residual [..,D], in one operation. */
  ofSum(x: Tensor, residual: Tensor, dropout: Module): Tensor {
    const isPlain = dropout.constructor === Dropout && !isHooked(dropout) && !isHooked(this);
    if (!isPlain || this.normalizedShape.length !== 1) {
      return this.forward(residual.add(dropout.forward(x) as Tensor));
    }
    const { weight, bias, eps } = this;
    const { p, training } = dropout as Dropout;
    return dropoutAddLayerNorm(x, residual, weight, bias, { p, training, eps });
  }
}
