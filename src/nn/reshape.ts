import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import { Module } from "./module";
import { perDimension, type Size } from "./size";

/** Makes one dimension of those from startDim to endDim. */
export class Flatten extends Module {
  constructor(
    readonly startDim = 1,
    readonly endDim = -1,
  ) {
    super();
  }

  override forward(x: Tensor): Tensor {
    return x.flatten(this.startDim, this.endDim);
  }
}

/** Makes several dimensions of one; one size may be -1. */
export class Unflatten extends Module {
  constructor(
    readonly dim: number,
    readonly unflattenedSize: readonly number[],
  ) {
    super();
  }

  override forward(x: Tensor): Tensor {
    return x.unflatten(this.dim, [...this.unflattenedSize]);
  }
}

/** x [B,n r^2,H,W] -> [B,n,H r,W r] (Shi et al. 2016, arXiv 1609.05158). */
export class PixelShuffle extends Module {
  constructor(readonly upscaleFactor: number) {
    super();
  }

  override forward(x: Tensor): Tensor {
    return torch.pixelShuffle(x, this.upscaleFactor);
  }
}

/** x [B,n,H r,W r] -> [B,n r^2,H,W] */
export class PixelUnshuffle extends Module {
  constructor(readonly downscaleFactor: number) {
    super();
  }

  override forward(x: Tensor): Tensor {
    return torch.pixelUnshuffle(x, this.downscaleFactor);
  }
}

/** x [B,g n,..]: takes channels from the groups in turns (Zhang et al. 2017, arXiv 1707.01083). */
export class ChannelShuffle extends Module {
  constructor(readonly groups: number) {
    super();
  }

  override forward(x: Tensor): Tensor {
    return torch.channelShuffle(x, this.groups);
  }
}

/** Options of `Unfold` and `Fold`. */
export interface UnfoldOptions {
  /** Steps between the elements of a window; 1 by default. */
  readonly dilation?: Size;
  /** Zeros added on both sides; 0 by default. */
  readonly padding?: Size;
  /** Steps from one window to the next; 1 by default. */
  readonly stride?: Size;
}

/** x [B,n,H,W] -> [B,n k l,L]: every window of k x l as a column. */
export class Unfold extends Module {
  readonly kernelSize: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: readonly number[];
  readonly stride: readonly number[];

  constructor(kernelSize: Size, options: UnfoldOptions = {}) {
    const {
      dilation = 1,
      padding = 0,
      stride = 1,
    } = checkOptions(new.target.name, options, ["dilation", "padding", "stride"]);
    super();
    this.kernelSize = perDimension(kernelSize, 2, "kernelSize");
    this.dilation = perDimension(dilation, 2, "dilation");
    this.padding = perDimension(padding, 2, "padding");
    this.stride = perDimension(stride, 2, "stride");
  }

  override forward(x: Tensor): Tensor {
    return torch.im2col(x, this.kernelSize, this.dilation, this.padding, this.stride);
  }
}

/** x [B,n k l,L] -> [B,n,H,W]: sums columns back into the windows they came from. */
export class Fold extends Module {
  readonly outputSize: readonly number[];
  readonly kernelSize: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: readonly number[];
  readonly stride: readonly number[];

  constructor(outputSize: Size, kernelSize: Size, options: UnfoldOptions = {}) {
    const {
      dilation = 1,
      padding = 0,
      stride = 1,
    } = checkOptions(new.target.name, options, ["dilation", "padding", "stride"]);
    super();
    this.outputSize = perDimension(outputSize, 2, "outputSize");
    this.kernelSize = perDimension(kernelSize, 2, "kernelSize");
    this.dilation = perDimension(dilation, 2, "dilation");
    this.padding = perDimension(padding, 2, "padding");
    this.stride = perDimension(stride, 2, "stride");
  }

  override forward(x: Tensor): Tensor {
    const { outputSize, kernelSize, dilation, padding, stride } = this;
    return torch.col2im(x, outputSize, kernelSize, dilation, padding, stride);
  }
}
