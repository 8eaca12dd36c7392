import type { Tensor } from "../torch";
import * as torch from "../torch";
import { conv2d } from "./functional";
import { fans, kaimingUniform_, uniform_ } from "./init";
import type { FactoryOptions } from "./linear";
import { Module } from "./module";
import { Parameter } from "./parameter";

export interface Conv2dOptions extends FactoryOptions {
  /** Rows and columns from one window to the next; 1 by default. */
  readonly stride?: number;
  /** Zeros added on all four sides; 0 by default. */
  readonly padding?: number;
  /** Whether a bias is added; true by default. */
  readonly bias?: boolean;
}

/** x [B,n,H,W] -> [B,m,H',W'] by square windows of k x k, weight [m,n,k,k]; initialised as PyTorch's. */
export class Conv2d extends Module {
  weight: Parameter;
  bias: Parameter | null;
  readonly stride: number;
  readonly padding: number;

  constructor(
    readonly inChannels: number,
    readonly outChannels: number,
    readonly kernelSize: number,
    { stride = 1, padding = 0, bias = true, ...factory }: Conv2dOptions = {},
  ) {
    super();
    this.stride = stride;
    this.padding = padding;
    const shape = [outChannels, inChannels, kernelSize, kernelSize];
    this.weight = new Parameter(torch.empty(shape, factory));
    this.bias = bias ? new Parameter(torch.empty([outChannels], factory)) : null;
    this.resetParameters();
  }

  override forward(x: Tensor): Tensor {
    const { stride, padding } = this;
    return conv2d(x, this.weight, this.bias, { stride, padding });
  }

  /** Draws weight and bias from U(-1/sqrt(n k^2), 1/sqrt(n k^2)). */
  resetParameters(): void {
    kaimingUniform_(this.weight, Math.sqrt(5));
    const bound = 1 / Math.sqrt(fans(this.weight).fanIn);
    if (this.bias) uniform_(this.bias, -bound, bound);
  }
}
