import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import { Module } from "./module";
import { perDimension, type Size } from "./size";

/** Options of `MaxPool1d`, `MaxPool2d` and `MaxPool3d`. */
export interface MaxPoolOptions {
  /** Steps from one window to the next; a window by default. */
  readonly stride?: Size | null;
  /** Minus infinities added on both sides; 0 by default. */
  readonly padding?: Size;
  /** Steps between the elements of a window; 1 by default. */
  readonly dilation?: Size;
  /** Whether a last window may reach beyond the padding; false by default. */
  readonly ceilMode?: boolean;
}

abstract class MaxPoolNd extends Module {
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly ceilMode: boolean;

  constructor(
    dims: number,
    kernelSize: Size,
    { stride = null, padding = 0, dilation = 1, ceilMode = false }: MaxPoolOptions = {},
  ) {
    super();
    this.kernelSize = perDimension(kernelSize, dims, "kernelSize");
    this.stride = perDimension(stride ?? kernelSize, dims, "stride");
    this.padding = perDimension(padding, dims, "padding");
    this.dilation = perDimension(dilation, dims, "dilation");
    this.ceilMode = ceilMode;
  }

  override forward(x: Tensor): Tensor {
    const { kernelSize, stride, padding, dilation, ceilMode } = this;
    const pool = [torch.maxPool1d, torch.maxPool2d, torch.maxPool3d][kernelSize.length - 1];
    return pool(x, kernelSize, stride, padding, dilation, ceilMode);
  }

  /** The maxima, and where in its plane each was, int64. */
  forwardWithIndices(x: Tensor): [Tensor, Tensor] {
    const { kernelSize, stride, padding, dilation, ceilMode } = this;
    const pool = [
      torch.maxPool1dWithIndices,
      torch.maxPool2dWithIndices,
      torch.maxPool3dWithIndices,
    ][kernelSize.length - 1];
    return pool(x, kernelSize, stride, padding, dilation, ceilMode);
  }
}

/** x [B,n,L] -> [B,n,L'], the maximum of each window. */
export class MaxPool1d extends MaxPoolNd {
  constructor(kernelSize: Size, options?: MaxPoolOptions) {
    super(1, kernelSize, options);
  }
}

/** x [B,n,H,W] -> [B,n,H',W'], the maximum of each window. */
export class MaxPool2d extends MaxPoolNd {
  constructor(kernelSize: Size, options?: MaxPoolOptions) {
    super(2, kernelSize, options);
  }
}

/** x [B,n,Z,H,W] -> [B,n,Z',H',W'], the maximum of each window. */
export class MaxPool3d extends MaxPoolNd {
  constructor(kernelSize: Size, options?: MaxPoolOptions) {
    super(3, kernelSize, options);
  }
}

/** Options of `AvgPool1d`. */
export interface AvgPool1dOptions {
  /** Steps from one window to the next; a window by default. */
  readonly stride?: Size | null;
  /** Zeros added on both sides; 0 by default. */
  readonly padding?: Size;
  /** Whether a last window may reach beyond the padding; false by default. */
  readonly ceilMode?: boolean;
  /** Whether the zeros of the padding count; true by default. */
  readonly countIncludePad?: boolean;
}

/** Options of `AvgPool2d` and `AvgPool3d`. */
export interface AvgPoolOptions extends AvgPool1dOptions {
  /** Divides the sums in the place of the window's size; null by default. */
  readonly divisorOverride?: number | null;
}

/** x [B,n,L] -> [B,n,L'], the mean of each window. */
export class AvgPool1d extends Module {
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;

  constructor(kernelSize: Size, options: AvgPool1dOptions = {}) {
    const {
      stride = null,
      padding = 0,
      ceilMode = false,
      countIncludePad = true,
    } = checkOptions(new.target.name, options, [
      "stride",
      "padding",
      "ceilMode",
      "countIncludePad",
    ]);
    super();
    this.kernelSize = perDimension(kernelSize, 1, "kernelSize");
    this.stride = perDimension(stride ?? kernelSize, 1, "stride");
    this.padding = perDimension(padding, 1, "padding");
    this.ceilMode = ceilMode;
    this.countIncludePad = countIncludePad;
  }

  override forward(x: Tensor): Tensor {
    const { kernelSize, stride, padding, ceilMode, countIncludePad } = this;
    return torch.avgPool1d(x, kernelSize, stride, padding, ceilMode, countIncludePad);
  }
}

abstract class AvgPoolNd extends Module {
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;
  readonly divisorOverride: number | null;

  constructor(
    dims: number,
    kernelSize: Size,
    {
      stride = null,
      padding = 0,
      ceilMode = false,
      countIncludePad = true,
      divisorOverride = null,
    }: AvgPoolOptions = {},
  ) {
    super();
    this.kernelSize = perDimension(kernelSize, dims, "kernelSize");
    this.stride = perDimension(stride ?? kernelSize, dims, "stride");
    this.padding = perDimension(padding, dims, "padding");
    this.ceilMode = ceilMode;
    this.countIncludePad = countIncludePad;
    this.divisorOverride = divisorOverride;
  }

  override forward(x: Tensor): Tensor {
    const { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride } = this;
    const pool = kernelSize.length === 2 ? torch.avgPool2d : torch.avgPool3d;
    return pool(x, kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride);
  }
}

/** x [B,n,H,W] -> [B,n,H',W'], the mean of each window. */
export class AvgPool2d extends AvgPoolNd {
  constructor(kernelSize: Size, options?: AvgPoolOptions) {
    super(2, kernelSize, options);
  }
}

/** x [B,n,Z,H,W] -> [B,n,Z',H',W'], the mean of each window. */
export class AvgPool3d extends AvgPoolNd {
  constructor(kernelSize: Size, options?: AvgPoolOptions) {
    super(3, kernelSize, options);
  }
}
