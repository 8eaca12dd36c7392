import type { Tensor } from "../../torch";
import * as torch from "../../torch";
import { perDimension, type Size } from "../size";
import { type InterpolationMode, interpolate } from "../upsample";
import { type Named, named } from "./named";

// What torch.nn.functional does with images beside its operators: sampling, and windows as columns.

const sampling = ["bilinear", "nearest", "bicubic"] as const;
const around = ["zeros", "border", "reflection"] as const;

/** Options of `gridSample`. */
export interface GridSampleOptions {
  /** "bilinear" by default. */
  readonly mode?: (typeof sampling)[number];
  /** What is beyond the image: "zeros" by default. */
  readonly paddingMode?: (typeof around)[number];
  /** Whether -1 and 1 are the centres of the corners or their edges; null, which is false, by default. */
  readonly alignCorners?: boolean | null;
}

/** x [B,n,H,W] at grid [B,h,w,2] of places within -1 and 1 -> [B,n,h,w], and volumes likewise. */
export function gridSample(
  x: Tensor,
  grid: Tensor,
  ...args: Named<["mode", "paddingMode", "alignCorners"], GridSampleOptions>
): Tensor {
  const names = "mode paddingMode alignCorners";
  const given = named<GridSampleOptions>("gridSample", names, args, { x, grid });
  const { mode = "bilinear", paddingMode = "zeros", alignCorners } = given;
  const [by, beyond] = [sampling.indexOf(mode), around.indexOf(paddingMode)];
  if (by < 0) throw unknown("gridSample: mode", sampling, mode);
  if (beyond < 0) throw unknown("gridSample: paddingMode", around, paddingMode);
  return torch.gridSampler(x, grid, by, beyond, alignCorners ?? false);
}

/**
 * Affine maps theta [B,2,3] -> the places [B,h,w,2] in an image for an output of sizes [B,n,h,w], for
 * `gridSample`; for volumes [B,3,4] -> [B,z,h,w,3]. Throws RangeError for other sizes, and integers.
 */
export function affineGrid(
  theta: Tensor,
  size: readonly number[],
  ...args: Named<["alignCorners"], { readonly alignCorners?: boolean | null }>
): Tensor {
  const given = named<{ alignCorners?: boolean | null }>("affineGrid", "alignCorners", args, {
    theta,
  });
  const dims = size.length - 2;
  if (!theta.isFloatingPoint()) {
    throw new RangeError(`affineGrid: expected theta of a floating dtype, given ${theta.dtype}`);
  }
  const fits = (dims === 2 || dims === 3) && `${theta.shape.slice(1)}` === `${[dims, dims + 1]}`;
  if (!fits || theta.ndim !== 3) {
    throw new RangeError(
      `affineGrid: expected maps [B,2,3] for 4 sizes or [B,3,4] for 5, given [${theta.shape}] for ` +
        `${size.length}`,
    );
  }
  if (size.some((one) => !(one > 0))) {
    throw new RangeError(`affineGrid: expected sizes above 0, given [${size}]`);
  }
  return torch.affineGridGenerator(theta, [...size], given.alignCorners ?? false);
}

/** Options of `unfold` and `fold`. */
export interface WindowOptions {
  readonly dilation?: Size;
  readonly padding?: Size;
  readonly stride?: Size;
}

/** x [B,n,H,W] -> its windows as columns [B,n k l,L]. `x.unfold` is another: windows of one dimension. */
export function unfold(
  x: Tensor,
  kernelSize: Size,
  ...args: Named<["dilation", "padding", "stride"], WindowOptions>
): Tensor {
  const given = named<WindowOptions>("unfold", "dilation padding stride", args, { x });
  const { dilation = 1, padding = 0, stride = 1 } = given;
  return torch.im2col(x, pair(kernelSize), pair(dilation), pair(padding), pair(stride));
}

/** Columns [B,n k l,L] -> [B,n,H,W], sums of the windows that lie there. */
export function fold(
  x: Tensor,
  outputSize: Size,
  kernelSize: Size,
  ...args: Named<["dilation", "padding", "stride"], WindowOptions>
): Tensor {
  const given = named<WindowOptions>("fold", "dilation padding stride", args, { x });
  const { dilation = 1, padding = 0, stride = 1 } = given;
  const windows = [pair(kernelSize), pair(dilation), pair(padding), pair(stride)] as const;
  return torch.col2im(x, pair(outputSize), ...windows);
}

function pair(size: Size): readonly number[] {
  return perDimension(size, 2, "a size of two dimensions");
}

/** What the older names of `interpolate` take. */
export interface ResizeOptions {
  readonly size?: Size | null;
  readonly scaleFactor?: Size | null;
}

/** `interpolate` by its older name. */
export function upsample(
  x: Tensor,
  ...args: Named<
    ["size", "scaleFactor", "mode", "alignCorners"],
    ResizeOptions & { readonly mode?: InterpolationMode; readonly alignCorners?: boolean | null }
  >
): Tensor {
  return interpolate(x, named("upsample", "size scaleFactor mode alignCorners", args));
}

/** `interpolate` by the nearest value. */
export function upsampleNearest(
  x: Tensor,
  ...args: Named<["size", "scaleFactor"], ResizeOptions>
): Tensor {
  const given = named<ResizeOptions>("upsampleNearest", "size scaleFactor", args, { x });
  return interpolate(x, { ...given, mode: "nearest" });
}

/** `interpolate` by lines, corners keeping their values. */
export function upsampleBilinear(
  x: Tensor,
  ...args: Named<["size", "scaleFactor"], ResizeOptions>
): Tensor {
  const given = named<ResizeOptions>("upsampleBilinear", "size scaleFactor", args, { x });
  return interpolate(x, { ...given, mode: "bilinear", alignCorners: true });
}

function unknown(what: string, expected: readonly string[], given: unknown): RangeError {
  return new RangeError(`${what} is one of ${expected.join(", ")}, given ${given}`);
}
