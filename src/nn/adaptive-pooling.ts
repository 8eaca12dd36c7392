import type { Tensor } from "../torch";
import * as torch from "../torch";
import { Module } from "./module";

/** How large the output is, in all dimensions or in each; null keeps the size of the input. */
export type OutputSize = number | null | readonly (number | null)[];

abstract class AdaptivePool extends Module {
  /** `dims` is how many spatial dimensions there are. */
  constructor(
    protected readonly dims: number,
    readonly outputSize: OutputSize,
  ) {
    super();
    const given = Array.isArray(outputSize) ? outputSize.length : dims;
    if (given !== dims)
      throw new RangeError(`outputSize takes ${dims} sizes, given [${outputSize}]`);
  }

  /** The output's spatial size for an input. */
  protected sizeFor({ shape }: Tensor): number[] {
    const { outputSize, dims } = this;
    return shape.slice(-dims).map((size, n) => {
      const wanted =
        outputSize === null || typeof outputSize === "number" ? outputSize : outputSize[n];
      return wanted ?? size;
    });
  }
}

abstract class AdaptiveAvgPool extends AdaptivePool {
  override forward(x: Tensor): Tensor {
    const pools = [torch.adaptiveAvgPool1d, torch.adaptiveAvgPool2d, torch.adaptiveAvgPool3d];
    return pools[this.dims - 1](x, this.sizeFor(x));
  }
}

abstract class AdaptiveMaxPool extends AdaptivePool {
  override forward(x: Tensor): Tensor {
    return this.forwardWithIndices(x)[0];
  }

  /** The maxima, and where in its plane each was, int64. */
  forwardWithIndices(x: Tensor): [Tensor, Tensor] {
    const pools = [torch.adaptiveMaxPool1d, torch.adaptiveMaxPool2d, torch.adaptiveMaxPool3d];
    return pools[this.dims - 1](x, this.sizeFor(x));
  }
}

/** x [B,n,L] -> [B,n,l], means of windows that cover the input evenly. */
export class AdaptiveAvgPool1d extends AdaptiveAvgPool {
  constructor(outputSize: OutputSize) {
    super(1, outputSize);
  }
}

/** x [B,n,H,W] -> [B,n,h,w], means of windows that cover the input evenly. */
export class AdaptiveAvgPool2d extends AdaptiveAvgPool {
  constructor(outputSize: OutputSize) {
    super(2, outputSize);
  }
}

/** x [B,n,Z,H,W] -> [B,n,z,h,w], means of windows that cover the input evenly. */
export class AdaptiveAvgPool3d extends AdaptiveAvgPool {
  constructor(outputSize: OutputSize) {
    super(3, outputSize);
  }
}

/** x [B,n,L] -> [B,n,l], maxima of windows that cover the input evenly. */
export class AdaptiveMaxPool1d extends AdaptiveMaxPool {
  constructor(outputSize: OutputSize) {
    super(1, outputSize);
  }
}

/** x [B,n,H,W] -> [B,n,h,w], maxima of windows that cover the input evenly. */
export class AdaptiveMaxPool2d extends AdaptiveMaxPool {
  constructor(outputSize: OutputSize) {
    super(2, outputSize);
  }
}

/** x [B,n,Z,H,W] -> [B,n,z,h,w], maxima of windows that cover the input evenly. */
export class AdaptiveMaxPool3d extends AdaptiveMaxPool {
  constructor(outputSize: OutputSize) {
    super(3, outputSize);
  }
}
