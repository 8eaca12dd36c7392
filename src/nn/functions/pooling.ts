import type { Tensor } from "../../torch";
import * as torch from "../../torch";
import { perDimension, type Size } from "../size";
import { type Named, named, requireTensors } from "./named";

// The pools of torch.nn.functional that are more than an operator.

/** What `returnIndices` asks for: the places of the maxima in their planes, int64, beside them. */
export interface WithIndices {
  readonly returnIndices?: boolean;
}

/** A Tensor, or with `returnIndices` a pair. */
export type Pooled<Options> = Options extends { readonly returnIndices: true }
  ? [maxima: Tensor, indices: Tensor]
  : Tensor;

/** Options of max pools. */
export interface MaxPoolFunctionOptions extends WithIndices {
  /** A window by default. */
  readonly stride?: Size | null;
  readonly padding?: Size;
  readonly dilation?: Size;
  readonly ceilMode?: boolean;
}

/** A pool of one to three dimensions: options at the end, or in order before them. */
interface MaxPool {
  <const Options extends MaxPoolFunctionOptions>(
    x: Tensor,
    kernelSize: Size,
    options?: Options,
  ): Pooled<Options>;
  (
    x: Tensor,
    kernelSize: Size,
    stride: Size | null,
    padding?: Size,
    dilation?: Size,
    ceilMode?: boolean,
  ): Tensor;
}

const maxPools = [torch.maxPool1d, torch.maxPool2d, torch.maxPool3d];
const indexedPools = [
  torch.maxPool1dWithIndices,
  torch.maxPool2dWithIndices,
  torch.maxPool3dWithIndices,
];

function maxPool(dims: number): MaxPool {
  const names = "stride padding dilation ceilMode returnIndices";
  return ((x: Tensor, kernelSize: Size, ...args: unknown[]) => {
    const given = named<MaxPoolFunctionOptions>(`maxPool${dims}d`, names, args, { x });
    const { stride = null, padding = 0, dilation = 1, ceilMode = false } = given;
    const each = (size: Size, what: string) => perDimension(size, dims, what);
    const windows = [
      each(kernelSize, "kernelSize"),
      stride === null ? [] : each(stride, "stride"),
      each(padding, "padding"),
      each(dilation, "dilation"),
    ] as const;
    const pools = given.returnIndices ? indexedPools : maxPools;
    return pools[dims - 1](x, ...windows, ceilMode);
  }) as MaxPool;
}

/** x [B,n,L] -> the maximum of each window. */
export const maxPool1d = maxPool(1);
/** x [B,n,H,W] -> the maximum of each window. */
export const maxPool2d = maxPool(2);
/** x [B,n,Z,H,W] -> the maximum of each window. */
export const maxPool3d = maxPool(3);

/** Sizes of an output; null keeps the input's. */
export type AdaptiveSize = number | readonly (number | null)[];

function adaptive(what: string, x: Tensor, size: AdaptiveSize, dims: number): number[] {
  requireTensors(what, { x });
  const { shape } = x;
  if (typeof size !== "number" && !Array.isArray(size)) {
    throw new TypeError(`${what}: expected an output size or a list of them, given ${size}`);
  }
  const wanted = typeof size === "number" ? Array.from({ length: dims }, () => size) : size;
  if (wanted.length !== dims || shape.length <= dims) {
    throw new RangeError(
      `${what}: expected ${dims} sizes and an input of at least ${dims + 1} dimensions, given ` +
        `[${wanted}] and [${shape}]`,
    );
  }
  return wanted.map((one, n) => one ?? shape[shape.length - dims + n]);
}

/** x [..,H,W] -> [..,h,w], means of windows that cover the input evenly. */
export function adaptiveAvgPool2d(x: Tensor, outputSize: AdaptiveSize): Tensor {
  return torch.adaptiveAvgPool2d(x, adaptive("adaptiveAvgPool2d", x, outputSize, 2));
}

/** x [..,Z,H,W] -> [..,z,h,w], means of windows that cover the input evenly. */
export function adaptiveAvgPool3d(x: Tensor, outputSize: AdaptiveSize): Tensor {
  return torch.adaptiveAvgPool3d(x, adaptive("adaptiveAvgPool3d", x, outputSize, 3));
}

type WithPlaces = (x: Tensor, outputSize: AdaptiveSize) => [maxima: Tensor, indices: Tensor];

type AdaptiveMaxPool = <const Options extends WithIndices>(
  x: Tensor,
  outputSize: AdaptiveSize,
  options?: Options | boolean,
) => Pooled<Options>;

function adaptiveMaxPool(dims: number): AdaptiveMaxPool {
  const pools = [torch.adaptiveMaxPool1d, torch.adaptiveMaxPool2d, torch.adaptiveMaxPool3d];
  const what = `adaptiveMaxPool${dims}d`;
  return ((x: Tensor, outputSize: AdaptiveSize, ...args: unknown[]) => {
    const { returnIndices = false } = named<WithIndices>(what, "returnIndices", args, { x });
    const both = pools[dims - 1](x, adaptive(what, x, outputSize, dims));
    return returnIndices ? both : both[0];
  }) as AdaptiveMaxPool;
}

/** x [..,L] -> [..,l], maxima of windows that cover the input evenly. */
export const adaptiveMaxPool1d = adaptiveMaxPool(1);
/** x [..,H,W] -> [..,h,w], maxima of windows that cover the input evenly. */
export const adaptiveMaxPool2d = adaptiveMaxPool(2);
/** x [..,Z,H,W] -> [..,z,h,w], maxima of windows that cover the input evenly. */
export const adaptiveMaxPool3d = adaptiveMaxPool(3);

/** `adaptiveMaxPool1d` with the places of the maxima. */
export const adaptiveMaxPool1dWithIndices: WithPlaces = (x, outputSize) =>
  adaptiveMaxPool1d(x, outputSize, { returnIndices: true });
/** `adaptiveMaxPool2d` with the places of the maxima. */
export const adaptiveMaxPool2dWithIndices: WithPlaces = (x, outputSize) =>
  adaptiveMaxPool2d(x, outputSize, { returnIndices: true });
/** `adaptiveMaxPool3d` with the places of the maxima. */
export const adaptiveMaxPool3dWithIndices: WithPlaces = (x, outputSize) =>
  adaptiveMaxPool3d(x, outputSize, { returnIndices: true });

/** Options of `lpPool1d`, `lpPool2d` and `lpPool3d`. */
export interface LpPoolOptions {
  /** A window by default. */
  readonly stride?: Size | null;
  readonly ceilMode?: boolean;
}

type LpPool = (
  x: Tensor,
  normType: number,
  kernelSize: Size,
  ...args: Named<["stride", "ceilMode"], LpPoolOptions>
) => Tensor;

function lpPool(dims: number): LpPool {
  const average = [torch.avgPool1d, torch.avgPool2d, torch.avgPool3d][dims - 1];
  const largest = [maxPool1d, maxPool2d, maxPool3d][dims - 1];
  return (x, normType, kernelSize, ...args) => {
    const given = named<LpPoolOptions>(`lpPool${dims}d`, "stride ceilMode", args, { x });
    const { stride = null, ceilMode = false } = given;
    const windows = perDimension(kernelSize, dims, "kernelSize");
    const steps = stride === null ? windows : perDimension(stride, dims, "stride");
    return torch.scope(() => {
      if (normType === Infinity) return largest(x.abs(), windows, steps, 0, 1, ceilMode);
      if (normType === -Infinity) {
        return largest(x.abs().neg(), windows, steps, 0, 1, ceilMode).neg();
      }
      const none = windows.map(() => 0);
      const means = average(x.pow(normType), windows, steps, none, ceilMode);
      const count = windows.reduce((all, size) => all * size, 1);
      return means
        .sign()
        .mul(torch.relu(means.abs()))
        .mul(count)
        .pow(1 / normType);
    });
  };
}

/** x [B,n,L] -> the p-norm of each window. */
export const lpPool1d = lpPool(1);
/** x [B,n,H,W] -> the p-norm of each window. */
export const lpPool2d = lpPool(2);
/** x [B,n,Z,H,W] -> the p-norm of each window. */
export const lpPool3d = lpPool(3);

/** Options of fractional max pools; the output's size or its ratio to the input's is given. */
export interface FractionalMaxPoolOptions extends WithIndices {
  readonly outputSize?: Size | null;
  /** Within 0 and 1. */
  readonly outputRatio?: Size | null;
  /** Where windows begin, within 0 and 1: [B,n,dimensions]; drawn by default. */
  readonly randomSamples?: Tensor | null;
}

type FractionalMaxPool = <const Options extends FractionalMaxPoolOptions>(
  x: Tensor,
  kernelSize: Size,
  options: Options,
) => Pooled<Options>;

function fractionalMaxPool(dims: 2 | 3): FractionalMaxPool {
  const pool = dims === 2 ? torch.fractionalMaxPool2d : torch.fractionalMaxPool3d;
  const what = `fractionalMaxPool${dims}d`;
  return ((x: Tensor, kernelSize: Size, options: FractionalMaxPoolOptions) => {
    const names = "outputSize outputRatio returnIndices randomSamples";
    const given = named<FractionalMaxPoolOptions>(what, names, [options], { x });
    const { outputSize = null, outputRatio = null, randomSamples = null } = given;
    if (outputSize === null && outputRatio === null) {
      throw new RangeError(`${what}: an outputSize or an outputRatio is needed`);
    }
    const ratios = typeof outputRatio === "number" ? Array(dims).fill(outputRatio) : outputRatio;
    const sizes =
      outputSize === null
        ? (ratios as number[]).map((ratio, n) => Math.floor(x.shape[x.ndim - dims + n] * ratio))
        : perDimension(outputSize, dims, "outputSize");
    const batch = x.ndim === dims + 1 ? 1 : x.shape[0];
    const { dtype, device } = x;
    const places = () => torch.rand([batch, x.shape[x.ndim - dims - 1], dims], { dtype, device });
    const windows = perDimension(kernelSize, dims, "kernelSize");
    const both = pool(x, windows, sizes, randomSamples ?? places());
    return given.returnIndices ? both : both[0];
  }) as FractionalMaxPool;
}

/** x [..,H,W] -> [..,h,w], maxima of windows of random places (Graham 2014, arXiv 1412.6071). */
export const fractionalMaxPool2d = fractionalMaxPool(2);
/** x [..,Z,H,W] -> [..,z,h,w], maxima of windows of random places. */
export const fractionalMaxPool3d = fractionalMaxPool(3);

type FractionalWithPlaces = (
  x: Tensor,
  kernelSize: Size,
  options: Omit<FractionalMaxPoolOptions, "returnIndices">,
) => [maxima: Tensor, indices: Tensor];

/** `fractionalMaxPool2d` with the places of the maxima. */
export const fractionalMaxPool2dWithIndices: FractionalWithPlaces = (x, kernelSize, options) =>
  fractionalMaxPool2d(x, kernelSize, { ...options, returnIndices: true });
/** `fractionalMaxPool3d` with the places of the maxima. */
export const fractionalMaxPool3dWithIndices: FractionalWithPlaces = (x, kernelSize, options) =>
  fractionalMaxPool3d(x, kernelSize, { ...options, returnIndices: true });

/** Options of `maxUnpool1d`, `maxUnpool2d` and `maxUnpool3d`. */
export interface MaxUnpoolOptions {
  /** A window by default. */
  readonly stride?: Size | null;
  readonly padding?: Size;
  /** Which of the sizes that a max pool maps to this one. */
  readonly outputSize?: readonly number[] | null;
}

type MaxUnpool = (
  x: Tensor,
  indices: Tensor,
  kernelSize: Size,
  ...args: Named<["stride", "padding", "outputSize"], MaxUnpoolOptions>
) => Tensor;

function maxUnpool(dims: number): MaxUnpool {
  const what = `maxUnpool${dims}d`;
  return (x, indices, kernelSize, ...args) => {
    const given = named<MaxUnpoolOptions>(what, "stride padding outputSize", args, { x, indices });
    const windows = perDimension(kernelSize, dims, "kernelSize");
    const steps = given.stride == null ? windows : perDimension(given.stride, dims, "stride");
    const padding = perDimension(given.padding ?? 0, dims, "padding");
    const least = windows.map(
      (size, n) => (x.shape[x.ndim - dims + n] - 1) * steps[n] + size - 2 * padding[n],
    );
    const sizes = unpooled(what, least, steps, given.outputSize ?? null);
    if (dims === 3) return torch.maxUnpool3d(x, indices, sizes, [...steps], [...padding]);
    if (dims === 2) return torch.maxUnpool2d(x, indices, sizes);
    const columns = [x.unsqueeze(-1), indices.unsqueeze(-1)] as const;
    return torch.maxUnpool2d(...columns, [...sizes, 1]).squeeze(-1);
  };
}

function unpooled(
  what: string,
  byDefault: readonly number[],
  steps: readonly number[],
  given: readonly number[] | null,
): readonly number[] {
  if (given === null) return byDefault;
  const dims = byDefault.length;
  const sizes = given.length === dims + 2 ? given.slice(2) : given;
  const fits = (size: number, n: number) => Math.abs(size - byDefault[n]) < steps[n];
  if (sizes.length === dims && sizes.every(fits)) return sizes;
  throw new RangeError(
    `${what}: expected an outputSize less than a stride from [${byDefault}], given [${given}]`,
  );
}

/** Maxima [B,n,l] back at their places in [B,n,L], with zeros around. */
export const maxUnpool1d = maxUnpool(1);
/** Maxima [B,n,h,w] back at their places in [B,n,H,W], with zeros around. */
export const maxUnpool2d = maxUnpool(2);
/** Maxima [B,n,z,h,w] back at their places in [B,n,Z,H,W], with zeros around. */
export const maxUnpool3d = maxUnpool(3);
