import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import { convolution } from "./convolution";
import { fans, kaimingUniform_, uniform_ } from "./init";
import type { FactoryOptions } from "./linear";
import { Module } from "./module";
import { Parameter } from "./parameter";
import { perDimension, type Size } from "./size";

/** What is around the input: zeros, its mirror image, its border, or its other side. */
export type PaddingMode = "zeros" | "reflect" | "replicate" | "circular";

export interface ConvOptions extends FactoryOptions {
  /** Steps from one window to the next; 1 by default. */
  readonly stride?: Size;
  /** Added on both sides: a number, as many as keep the size ("same"), or none ("valid"); 0 by default. */
  readonly padding?: Size | "same" | "valid";
  /** Steps between the elements of a window; 1 by default. */
  readonly dilation?: Size;
  /** Into how many independent parts the channels fall; 1 by default. */
  readonly groups?: number;
  /** Whether a bias is added; true by default. */
  readonly bias?: boolean;
  /** "zeros" by default. */
  readonly paddingMode?: PaddingMode;
}

/** What convolutions of one to three dimensions share: weight [m,n/groups,..], bias [m]. */
export abstract class ConvNd extends Module {
  weight: Parameter;
  bias: Parameter | null;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[] | "same" | "valid";
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly paddingMode: PaddingMode;

  /** Throws RangeError where groups do not divide the channels or sizes do not fit the dimensions. */
  constructor(
    dims: number,
    readonly inChannels: number,
    readonly outChannels: number,
    kernelSize: Size,
    options: ConvOptions = {},
  ) {
    const {
      stride = 1,
      padding = 0,
      dilation = 1,
      groups = 1,
      bias = true,
      paddingMode = "zeros",
      ...factory
    } = checkOptions(new.target.name, options, [
      "stride",
      "padding",
      "dilation",
      "groups",
      "bias",
      "paddingMode",
      "device",
      "dtype",
    ]);
    super();
    checkGroups(inChannels, outChannels, groups);
    this.kernelSize = perDimension(kernelSize, dims, "kernelSize");
    this.stride = perDimension(stride, dims, "stride");
    this.padding = typeof padding === "string" ? padding : perDimension(padding, dims, "padding");
    this.dilation = perDimension(dilation, dims, "dilation");
    this.groups = groups;
    this.paddingMode = paddingMode;
    if (padding === "same" && this.stride.some((step) => step !== 1)) {
      throw new RangeError('padding "same" needs a stride of 1: other strides change the size');
    }
    const shape = [outChannels, inChannels / groups, ...this.kernelSize];
    this.weight = new Parameter(torch.empty(shape, factory));
    this.bias = bias ? new Parameter(torch.empty([outChannels], factory)) : null;
    this.resetParameters();
  }

  override forward(x: Tensor): Tensor {
    const { stride, dilation, groups, paddingMode } = this;
    const around = paddingMode === "zeros" ? null : this.around();
    const padded = around ? torch.pad(x, around, paddingMode) : x;
    const padding = around ? 0 : this.padding;
    return convolution(padded, this.weight, this.bias, { stride, padding, dilation, groups });
  }

  /** Draws weight and bias from U(-1/sqrt(f), 1/sqrt(f)), f being how many inputs a window has. */
  resetParameters(): void {
    resetConvolution(this.weight, this.bias);
  }

  /** How much goes before and after, last dimension first, as `pad` takes it. */
  private around(): number[] {
    const both = this.kernelSize.map((size, n): [number, number] => {
      if (this.padding === "valid") return [0, 0];
      if (this.padding !== "same") return [this.padding[n], this.padding[n]];
      const total = this.dilation[n] * (size - 1);
      return [Math.floor(total / 2), Math.ceil(total / 2)];
    });
    return both.reverse().flat();
  }
}

export function resetConvolution(weight: Parameter, bias: Parameter | null): void {
  kaimingUniform_(weight, Math.sqrt(5));
  const { fanIn } = fans(weight);
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
  if (bias) uniform_(bias, -bound, bound);
}

export function checkGroups(inChannels: number, outChannels: number, groups: number): void {
  if (Number.isInteger(inChannels / groups) && Number.isInteger(outChannels / groups)) return;
  throw new RangeError(
    `${groups} groups do not divide ${inChannels} channels in and ${outChannels} out`,
  );
}
