import type { Tensor } from "../../torch";
import * as torch from "../../torch";
import { type Named, named } from "./named";

// The norms of torch.nn.functional, with what it looks at first.

/** Options of `batchNorm` beside the statistics. */
export interface BatchNormFunctionOptions {
  readonly weight?: Tensor | null;
  readonly bias?: Tensor | null;
  /** Whether the batch's own statistics are used, and enter the running ones; false by default. */
  readonly training?: boolean;
  /** What a batch weighs in the running statistics; 0.1 by default. */
  readonly momentum?: number;
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number;
}

/**
 * x [B,n,..], normalised for each of the n channels.
 *
 * Throws RangeError for a single value a channel in training, whose variance is none, and for an eps that is
 * negative, or 0 in training.
 */
export function batchNorm(
  x: Tensor,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  ...args: Named<["weight", "bias", "training", "momentum", "eps"], BatchNormFunctionOptions>
): Tensor {
  const names = "weight bias training momentum eps";
  const given = named<BatchNormFunctionOptions>("batchNorm", names, args, { x });
  const { weight = null, bias = null, training = false, momentum = 0.1, eps = 1e-5 } = given;
  if (training) requireSeveral("batchNorm", x, [0, ...spatial(x)]);
  if (!(training ? eps > 0 : eps >= 0)) {
    throw new RangeError(`batchNorm: eps ${eps} is ${training ? "not positive" : "negative"}`);
  }
  return torch.batchNorm(x, weight, bias, runningMean, runningVar, training, momentum, eps, true);
}

/** Options of `instanceNorm`. */
export interface InstanceNormFunctionOptions extends Omit<BatchNormFunctionOptions, "training"> {
  readonly runningMean?: Tensor | null;
  readonly runningVar?: Tensor | null;
  /** Whether each sample's own statistics are used; true by default. */
  readonly useInputStats?: boolean;
}

/**
 * x [B,n,..], normalised for each sample and channel.
 *
 * Throws RangeError for a single value a channel where its statistics are used.
 */
export function instanceNorm(
  x: Tensor,
  ...args: Named<
    ["runningMean", "runningVar", "weight", "bias", "useInputStats", "momentum", "eps"],
    InstanceNormFunctionOptions
  >
): Tensor {
  const names = "runningMean runningVar weight bias useInputStats momentum eps";
  const given = named<InstanceNormFunctionOptions>("instanceNorm", names, args, { x });
  const { weight = null, bias = null, runningMean = null, runningVar = null } = given;
  const { useInputStats = true, momentum = 0.1, eps = 1e-5 } = given;
  if (useInputStats) requireSeveral("instanceNorm", x, spatial(x));
  return torch.instanceNorm(
    x,
    weight,
    bias,
    runningMean,
    runningVar,
    useInputStats,
    momentum,
    eps,
    true,
  );
}

/** Options of `groupNorm`. */
export interface GroupNormFunctionOptions {
  readonly weight?: Tensor | null;
  readonly bias?: Tensor | null;
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number;
}

/**
 * x [B,n,..], normalised over each of the groups of channels.
 *
 * Throws RangeError for a single value a group in all, and for fewer than two dimensions.
 */
export function groupNorm(
  x: Tensor,
  numGroups: number,
  ...args: Named<["weight", "bias", "eps"], GroupNormFunctionOptions>
): Tensor {
  const given = named<GroupNormFunctionOptions>("groupNorm", "weight bias eps", args, { x });
  const { weight = null, bias = null, eps = 1e-5 } = given;
  if (x.ndim < 2) throw new RangeError(`groupNorm: expected [B,n,..], given [${x.shape}]`);
  // As PyTorch counts: over the batch too.
  const [samples, channels, ...rest] = x.shape;
  const count = rest.reduce(
    (all, size) => all * size,
    Math.floor((samples * channels) / numGroups),
  );
  if (count === 1) throw lonely("groupNorm", "group", x);
  return torch.groupNorm(x, numGroups, weight, bias, eps);
}

function spatial({ ndim }: Tensor): number[] {
  return Array.from({ length: Math.max(0, ndim - 2) }, (_, n) => n + 2);
}

function requireSeveral(what: string, x: Tensor, dims: readonly number[]): void {
  const count = dims.reduce((all, dim) => all * x.shape[dim], 1);
  if (count === 1) throw lonely(what, "channel", x);
}

function lonely(what: string, part: string, { shape }: Tensor): RangeError {
  return new RangeError(
    `${what}: expected more than one value a ${part} to normalise by, given an input of [${shape}]`,
  );
}

/** Options of `localResponseNorm`. */
export interface LocalResponseNormOptions {
  /** 1e-4 by default. */
  readonly alpha?: number;
  /** 0.75 by default. */
  readonly beta?: number;
  /** 1 by default. */
  readonly k?: number;
}

/**
 * x [B,n,..] / (k + alpha m)^beta, m being the mean of x^2 over `size` neighbouring channels (Krizhevsky et al.
 * 2012). Throws RangeError for fewer than three dimensions.
 */
export function localResponseNorm(
  x: Tensor,
  size: number,
  ...args: Named<["alpha", "beta", "k"], LocalResponseNormOptions>
): Tensor {
  const given = named<LocalResponseNormOptions>("localResponseNorm", "alpha beta k", args, { x });
  const { alpha = 1e-4, beta = 0.75, k = 1 } = given;
  if (x.ndim < 3) throw new RangeError(`localResponseNorm: expected [B,n,..], given [${x.shape}]`);
  if (x.numel() === 0) return x;
  const [batch, channels] = x.shape;
  return torch.scope(() => {
    const squares = x.mul(x).reshape([batch, 1, channels, -1]);
    const padded = torch.pad(squares, [0, 0, Math.floor(size / 2), Math.floor((size - 1) / 2)]);
    const means = torch.avgPool2d(padded, [size, 1], [1, 1]).reshape(x.shape);
    return x.div(means.mul(alpha).add(k).pow(beta));
  });
}
