import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkGroups, resetConvolution } from "./conv-nd";
import { transposedConvolution } from "./convolution";
import type { FactoryOptions } from "./linear";
import { Module } from "./module";
import { Parameter } from "./parameter";
import { perDimension, type Size } from "./size";

export interface ConvTransposeOptions extends FactoryOptions {
  /** Steps from one window to the next; 1 by default. */
  readonly stride?: Size;
  /** Rows cut off on both sides; 0 by default. */
  readonly padding?: Size;
  /** Rows added at the far side alone; 0 by default. */
  readonly outputPadding?: Size;
  /** Into how many independent parts the channels fall; 1 by default. */
  readonly groups?: number;
  /** Whether a bias is added; true by default. */
  readonly bias?: boolean;
  /** Steps between the elements of a window; 1 by default. */
  readonly dilation?: Size;
  /** Only zeros are around a transposed convolution. */
  readonly paddingMode?: "zeros";
}

/** What transposed convolutions share: weight [n,m/groups,..], bias [m]. */
abstract class ConvTransposeNd extends Module {
  weight: Parameter;
  bias: Parameter | null;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly outputPadding: readonly number[];
  readonly groups: number;
  readonly dilation: readonly number[];
  readonly paddingMode: "zeros";

  /**
   * Throws RangeError for another padding than zeros, groups that do not divide the channels, and sizes that
   * do not fit the dimensions.
   */
  constructor(
    dims: number,
    readonly inChannels: number,
    readonly outChannels: number,
    kernelSize: Size,
    {
      stride = 1,
      padding = 0,
      outputPadding = 0,
      groups = 1,
      bias = true,
      dilation = 1,
      paddingMode = "zeros",
      ...factory
    }: ConvTransposeOptions = {},
  ) {
    super();
    checkGroups(inChannels, outChannels, groups);
    if (paddingMode !== "zeros")
      throw new RangeError(`paddingMode "${paddingMode}" is not "zeros"`);
    this.kernelSize = perDimension(kernelSize, dims, "kernelSize");
    this.stride = perDimension(stride, dims, "stride");
    this.padding = perDimension(padding, dims, "padding");
    this.outputPadding = perDimension(outputPadding, dims, "outputPadding");
    this.groups = groups;
    this.dilation = perDimension(dilation, dims, "dilation");
    this.paddingMode = paddingMode;
    const shape = [inChannels, outChannels / groups, ...this.kernelSize];
    this.weight = new Parameter(torch.empty(shape, factory));
    this.bias = bias ? new Parameter(torch.empty([outChannels], factory)) : null;
    this.resetParameters();
  }

  /** The size of the output may be asked for where a stride leaves it open. */
  override forward(x: Tensor, outputSize: readonly number[] | null = null): Tensor {
    const { stride, padding, groups, dilation } = this;
    const outputPadding = outputSize ? this.paddingFor(x.shape, outputSize) : this.outputPadding;
    const options = { stride, padding, outputPadding, groups, dilation };
    return transposedConvolution(x, this.weight, this.bias, options);
  }

  /** Draws weight and bias from U(-1/sqrt(f), 1/sqrt(f)), f being the weight's fan in. */
  resetParameters(): void {
    resetConvolution(this.weight, this.bias);
  }

  private paddingFor(shape: readonly number[], outputSize: readonly number[]): number[] {
    const dims = this.kernelSize.length;
    const sizes = shape.slice(-dims);
    const wanted = outputSize.slice(-dims);
    return sizes.map((size, n) => {
      const window = this.dilation[n] * (this.kernelSize[n] - 1) + 1;
      const least = (size - 1) * this.stride[n] - 2 * this.padding[n] + window;
      const most = least + this.stride[n] - 1;
      if (wanted[n] >= least && wanted[n] <= most) return wanted[n] - least;
      throw new RangeError(
        `an output size of [${outputSize}] is out of reach: dimension ${n} may be ${least} to ${most}`,
      );
    });
  }
}

/** x [B,n,L] -> [B,m,L'], weight [n,m/groups,k]. */
export class ConvTranspose1d extends ConvTransposeNd {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Size,
    options?: ConvTransposeOptions,
  ) {
    super(1, inChannels, outChannels, kernelSize, options);
  }
}

/** x [B,n,H,W] -> [B,m,H',W'], weight [n,m/groups,k,l]. */
export class ConvTranspose2d extends ConvTransposeNd {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Size,
    options?: ConvTransposeOptions,
  ) {
    super(2, inChannels, outChannels, kernelSize, options);
  }
}

/** x [B,n,Z,H,W] -> [B,m,Z',H',W'], weight [n,m/groups,j,k,l]. */
export class ConvTranspose3d extends ConvTransposeNd {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Size,
    options?: ConvTransposeOptions,
  ) {
    super(3, inChannels, outChannels, kernelSize, options);
  }
}
