import type { Tensor } from "../torch";
import * as torch from "../torch";
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
  | "area";

/** Options of `Upsample` and `interpolate`. */
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

/**
 * x [B,n,..] of one to three spatial dimensions -> [B,n,..] in another size.
 *
 * Throws RangeError unless either a size or a factor is given, and for a mode that does not fit the
 * input.
 */
export function interpolate(
  x: Tensor,
  {
    size = null,
    scaleFactor = null,
    mode = "nearest",
    alignCorners = null,
    recomputeScaleFactor = null,
  }: UpsampleOptions = {},
): Tensor {
  const spatial = x.shape.slice(2);
  if ((size === null) === (scaleFactor === null)) {
    throw new RangeError("interpolation takes a size or a scaleFactor, one of both");
  }
  const factors = scaleFactor === null ? null : each(scaleFactor, spatial.length, "scaleFactor");
  const target =
    factors?.map((factor, n) => Math.floor(spatial[n] * factor)) ??
    each(size as Size, spatial.length, "size");
  const known = recomputeScaleFactor ? null : factors;
  return resize(x, mode, target, known, alignCorners);
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

  constructor({
    size = null,
    scaleFactor = null,
    mode = "nearest",
    alignCorners = null,
    recomputeScaleFactor = null,
  }: UpsampleOptions = {}) {
    super();
    this.size = size;
    this.scaleFactor = scaleFactor;
    this.mode = mode;
    this.alignCorners = alignCorners;
    this.recomputeScaleFactor = recomputeScaleFactor;
  }

  override forward(x: Tensor): Tensor {
    return interpolate(x, this);
  }
}

function resize(
  x: Tensor,
  mode: InterpolationMode,
  size: readonly number[],
  factors: readonly number[] | null,
  alignCorners: boolean | null,
): Tensor {
  const isCurved = ["linear", "bilinear", "bicubic", "trilinear"].includes(mode);
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
