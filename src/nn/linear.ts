import type { DType, Tensor } from "../torch";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import { linear } from "./functional";
import { fans, kaimingUniform_, uniform_ } from "./init";
import { Module } from "./module";
import { Parameter } from "./parameter";

/** Where a module's weights are made. */
export interface FactoryOptions {
  /** "cpu" by default. */
  readonly device?: string;
  /** "float32" by default. */
  readonly dtype?: DType;
}

export interface LinearOptions extends FactoryOptions {
  /** Whether a bias is added; true by default. */
  readonly bias?: boolean;
}

/** x [..,n] -> x weight^T + bias [..,m], weight [m,n]; initialised as PyTorch's. */
export class Linear extends Module {
  weight: Parameter;
  bias: Parameter | null;

  constructor(
    readonly inFeatures: number,
    readonly outFeatures: number,
    options: LinearOptions = {},
  ) {
    const { bias = true, ...factory } = checkOptions(new.target.name, options, [
      "bias",
      "device",
      "dtype",
    ]);
    super();
    this.weight = new Parameter(torch.empty([outFeatures, inFeatures], factory));
    this.bias = bias ? new Parameter(torch.empty([outFeatures], factory)) : null;
    this.resetParameters();
  }

  override forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }

  /** Draws weight and bias from U(-1/sqrt(n), 1/sqrt(n)). */
  resetParameters(): void {
    kaimingUniform_(this.weight, Math.sqrt(5));
    const { fanIn } = fans(this.weight);
    const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
    if (this.bias) uniform_(this.bias, -bound, bound);
  }
}
