import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import { type Named, named } from "./functions/named";
import { Module } from "./module";
import type { Size } from "./size";

/** How values between places come about, by the number of spatial dimensions. */
export type InterpolationMode =
  | "nearest"
  | "nearest-exact"
  | "linear"
  | "bilinear"
  | "bicubic"
  | "trilinear"
  | "lanczos"
  | "area";

/** Options of `Upsample`. */
export interface UpsampleOptions {
  /** The output's spatial size; it or the factor is given. */
  readonly size?: Size | null;
  /** How many times as large the output is. */
  readonly scaleFactor?: Size | null;
  /** "nearest" by default. */
  readonly mode?: InterpolationMode;
  /** Whether corners keep their values, in the modes with lines and curves; null, which is false, by default. */
  readonly alignCorners?: boolean | null;
  /** Whether positions come from the sizes in the place of the factor as given; null, false, by default. */
  readonly recomputeScaleFactor?: boolean | null;
}

/** Options of `interpolate`. */
export interface InterpolateOptions extends UpsampleOptions {
  /** Whether what is made smaller is smoothed first, for images by lines and curves alone; false by default. */
  readonly antialias?: boolean;
}

/**
 * x [B,n,..] of one to three spatial dimensions -> [B,n,..] in another size.
 *
 * Throws RangeError unless either a size or a factor is given, and for a mode or an option that does not fit
 * the input.
 */
export function interpolate(
  x: Tensor,
  ...args: Named<
    ["size", "scaleFactor", "mode", "alignCorners", "recomputeScaleFactor", "antialias"],
    InterpolateOptions
  >
): Tensor {
  const names = "size scaleFactor mode alignCorners recomputeScaleFactor antialias";
  const given = named<InterpolateOptions>("interpolate", names, args, { x });
  const { size = null, scaleFactor = null, mode = "nearest", alignCorners = null } = given;
  const { recomputeScaleFactor = null, antialias = false } = given;
  const spatial = x.shape.slice(2);
  if ((size === null) === (scaleFactor === null)) {
    throw new RangeError("interpolation takes a size or a scaleFactor, one of both");
  }
  if (recomputeScaleFactor && size !== null) {
    throw new RangeError("recomputeScaleFactor has no meaning beside a size");
  }
  const isSmooth = ["bilinear", "bicubic", "lanczos"].includes(mode) && x.ndim === 4;
  if (antialias && !isSmooth) {
    throw new RangeError(
      `antialias is for images [B,n,H,W] in the modes bilinear, bicubic and lanczos, given mode "${mode}" ` +
        `and [${x.shape}]`,
    );
  }
  const factors = scaleFactor === null ? null : each(scaleFactor, spatial.length, "scaleFactor");
  const target =
    factors?.map((factor, n) => Math.floor(spatial[n] * factor)) ??
    each(size as Size, spatial.length, "size");
  const known = recomputeScaleFactor ? null : factors;
  return resize(x, antialias ? `${mode} antialias` : mode, target, known, alignCorners);
}

/**
 * Makes images, or signals or volumes, larger or smaller; either a size or a factor is given.
 *
 * Throws RangeError as `interpolate` does.
 */
export class Upsample extends Module {
  readonly size: Size | null;
  readonly scaleFactor: Size | null;
  readonly mode: InterpolationMode;
  readonly alignCorners: boolean | null;
  readonly recomputeScaleFactor: boolean | null;

  constructor(options: UpsampleOptions = {}) {
    const {
      size = null,
      scaleFactor = null,
      mode = "nearest",
      alignCorners = null,
      recomputeScaleFactor = null,
    } = checkOptions(new.target.name, options, [
      "size",
      "scaleFactor",
      "mode",
      "alignCorners",
      "recomputeScaleFactor",
    ]);
    super();
    this.size = size;
    this.scaleFactor = scaleFactor;
    this.mode = mode;
    this.alignCorners = alignCorners;
    this.recomputeScaleFactor = recomputeScaleFactor;
  }

  override forward(x: Tensor): Tensor {
    const { size, scaleFactor, mode, alignCorners, recomputeScaleFactor } = this;
    return interpolate(x, size, scaleFactor, mode, alignCorners, recomputeScaleFactor);
  }
}

function resize(
  x: Tensor,
  mode: string,
  size: readonly number[],
  factors: readonly number[] | null,
  alignCorners: boolean | null,
): Tensor {
  const isCurved = /^(bi|tri)?linear|^bicubic/.test(mode);
  if (alignCorners !== null && !isCurved) {
    throw new RangeError(`alignCorners has no meaning in mode "${mode}"`);
  }
  const [a = null, b = null, c = null] = factors ?? [];
  const align = alignCorners ?? false;
  switch (`${mode} ${size.length}`) {
    case "nearest 1":
      return torch.upsampleNearest1d(x, size, a);
    case "nearest 2":
      return torch.upsampleNearest2d(x, size, a, b);
    case "nearest 3":
      return torch.upsampleNearest3d(x, size, a, b, c);
    case "nearest-exact 1":
      return torch._upsampleNearestExact1d(x, size, a);
    case "nearest-exact 2":
      return torch._upsampleNearestExact2d(x, size, a, b);
    case "nearest-exact 3":
      return torch._upsampleNearestExact3d(x, size, a, b, c);
    case "area 1":
      return torch.adaptiveAvgPool1d(x, size);
    case "area 2":
      return torch.adaptiveAvgPool2d(x, size);
    case "area 3":
      return torch.adaptiveAvgPool3d(x, size);
    case "linear 1":
      return torch.upsampleLinear1d(x, size, align, a);
    case "bilinear 2":
      return torch.upsampleBilinear2d(x, size, align, a, b);
    case "bicubic 2":
      return torch.upsampleBicubic2d(x, size, align, a, b);
    case "bilinear antialias 2":
      return torch._upsampleBilinear2dAa(x, size, align, a, b);
    case "bicubic antialias 2":
      return torch._upsampleBicubic2dAa(x, size, align, a, b);
    case "lanczos antialias 2":
      return torch.ops.aten._upsample_lanczos2d_aa(x, size, align, a, b) as Tensor;
    case "trilinear 3":
      return torch.upsampleTrilinear3d(x, size, align, a, b, c);
    default:
      throw new RangeError(`mode "${mode}" does not fit an input of [${x.shape}]`);
  }
}

function each(size: Size, dims: number, what: string): readonly number[] {
  const sizes = typeof size === "number" ? Array.from({ length: dims }, () => size) : size;
  if (sizes.length === dims) return sizes;
  throw new RangeError(`${what} takes one number or ${dims} of them, given [${sizes}]`);
}
