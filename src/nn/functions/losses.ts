import type { Tensor } from "../../torch";
import * as torch from "../../torch";
import { type LossOptions, type LossReduction, reduced } from "../losses/options";
import { broadcast, known, requireSizes } from "./loss-checks";
import { type Named, named } from "./named";

// The losses of torch.nn.functional that are more than an operator: those that look at sizes and values first,
// weigh, or reduce by themselves. Losses of classes are in class-losses.ts; the others are their operators (index.ts).

/** Options of losses that weigh their elements. */
export interface WeightedOptions extends LossOptions {
  /** A weight for every element, of the input's sizes; none by default. */
  readonly weight?: Tensor | null;
}

type Weighted = Named<["reduction", "weight"], WeightedOptions>;

/** |x - y|; with weights the mean is divided by their sum. */
export function l1Loss(x: Tensor, target: Tensor, ...args: Weighted): Tensor {
  const options = named<WeightedOptions>("l1Loss", "reduction weight", args, { x, target });
  return ofDifferences("l1Loss", x, target, options, torch.l1Loss);
}

/** (x - y)^2; with weights the mean is divided by their sum. */
export function mseLoss(x: Tensor, target: Tensor, ...args: Weighted): Tensor {
  const options = named<WeightedOptions>("mseLoss", "reduction weight", args, { x, target });
  return ofDifferences("mseLoss", x, target, options, torch.mseLoss);
}

/** Options of the functional `huberLoss`. */
export interface HuberFunctionOptions extends WeightedOptions {
  /** Where the parabola becomes a line; 1 by default. */
  readonly delta?: number;
}

/** (x - y)^2 / 2 below delta, delta (|x - y| - delta / 2) above. */
export function huberLoss(
  x: Tensor,
  target: Tensor,
  ...args: Named<["reduction", "delta", "weight"], HuberFunctionOptions>
): Tensor {
  const options = named<HuberFunctionOptions>("huberLoss", "reduction delta weight", args, {
    x,
    target,
  });
  const { reduction = "mean", delta = 1, weight = null } = options;
  const [a, b] = broadcast("huberLoss", x, target);
  if (weight === null) return torch.huberLoss(a, b, reduction, delta);
  requireSizes("huberLoss: weight", weight, x);
  return torch.scope(() =>
    reduced(torch.huberLoss(a, b, "none", delta).mul(weight), known(reduction)),
  );
}

/** Options of the functional `smoothL1Loss`. */
export interface SmoothL1FunctionOptions extends LossOptions {
  /** Where the parabola becomes a line; 1 by default, 0 is `l1Loss`. */
  readonly beta?: number;
}

/** (x - y)^2 / (2 beta) below beta, |x - y| - beta / 2 above. */
export function smoothL1Loss(
  x: Tensor,
  target: Tensor,
  ...args: Named<["reduction", "beta"], SmoothL1FunctionOptions>
): Tensor {
  const given = named<SmoothL1FunctionOptions>("smoothL1Loss", "reduction beta", args, {
    x,
    target,
  });
  const { reduction = "mean", beta = 1 } = given;
  const [a, b] = broadcast("smoothL1Loss", x, target);
  if (beta === 0) return torch.l1Loss(a, b, reduction);
  return torch.smoothL1Loss(a, b, reduction, beta);
}

function ofDifferences(
  what: string,
  x: Tensor,
  target: Tensor,
  { reduction = "mean", weight = null }: WeightedOptions,
  loss: (x: Tensor, target: Tensor, reduction: LossReduction) => Tensor,
): Tensor {
  const [a, b] = broadcast(what, x, target);
  if (weight === null) return loss(a, b, reduction);
  requireSizes(`${what}: weight`, weight, x);
  return torch.scope(() => {
    const losses = loss(a, b, "none").mul(weight);
    return known(reduction) === "mean"
      ? losses.sum().div(weight.sum())
      : reduced(losses, reduction);
  });
}

/** Options of the functional `klDiv`. */
export interface KlDivOptions {
  /** "mean" over elements by default; "batchmean" is the divergence itself. */
  readonly reduction?: LossReduction | "batchmean";
  /** Whether the target is of logarithms too; false by default. */
  readonly logTarget?: boolean;
}

/** Log-probabilities x and probabilities y -> y (log y - x). */
export function klDiv(
  x: Tensor,
  target: Tensor,
  ...args: Named<["reduction", "logTarget"], KlDivOptions>
): Tensor {
  const given = named<KlDivOptions>("klDiv", "reduction logTarget", args, { x, target });
  const { reduction = "mean", logTarget = false } = given;
  if (reduction !== "batchmean") return torch.klDiv(x, target, reduction, { logTarget });
  const sum = torch.klDiv(x, target, "sum", { logTarget });
  return x.ndim === 0 ? sum : sum.div(x.shape[0]);
}

/** Options of the functional `poissonNllLoss`. */
export interface PoissonOptions extends LossOptions {
  /** Whether x is the logarithm of the rate; true by default. */
  readonly logInput?: boolean;
  /** Whether Stirling's approximation of log(y!) is added; false by default. */
  readonly full?: boolean;
  /** Keeps the logarithm of a rate finite; 1e-8 by default. */
  readonly eps?: number;
}

/** Minus the log-likelihood of counts y under Poisson rates e^x. */
export function poissonNllLoss(
  x: Tensor,
  target: Tensor,
  ...args: Named<["logInput", "full", "eps", "reduction"], PoissonOptions>
): Tensor {
  const given = named<PoissonOptions>("poissonNllLoss", "logInput full eps reduction", args, {
    x,
    target,
  });
  const { logInput = true, full = false, eps = 1e-8, reduction = "mean" } = given;
  return torch.poissonNllLoss(x, target, logInput, full, eps, known(reduction));
}

/** Options of the functional `gaussianNllLoss`. */
export interface GaussianOptions extends LossOptions {
  /** Whether log(2 pi) / 2 is added; false by default. */
  readonly full?: boolean;
  /** The smallest variance; 1e-6 by default. */
  readonly eps?: number;
}

/**
 * Minus the log-likelihood of y under normal distributions of means x and given variances: a number, of the
 * input's sizes, or one for each last dimension. Throws RangeError for negative variances and other sizes.
 */
export function gaussianNllLoss(
  x: Tensor,
  target: Tensor,
  variance: Tensor | number,
  ...args: Named<["full", "eps", "reduction"], GaussianOptions>
): Tensor {
  const given = named<GaussianOptions>("gaussianNllLoss", "full eps reduction", args, {
    x,
    target,
  });
  const { full = false, eps = 1e-6, reduction = "mean" } = given;
  return torch.scope(() => {
    const spread = typeof variance === "number" ? torch.fullLike(x, variance) : variance;
    if (spread.lt(0).any().item<boolean>()) {
      throw new RangeError("gaussianNllLoss: variances are negative");
    }
    const fitted = fittedVariance(spread, x);
    // The bound is a constant of the loss: gradients pass it, as in PyTorch.
    const bound = fitted.detach().clampMin(eps);
    const bounded = fitted.add(bound.sub(fitted.detach()));
    const losses = bounded.log().add(x.sub(target).square().div(bounded)).mul(0.5);
    const constant = full ? 0.5 * Math.log(2 * Math.PI) : 0;
    return reduced(losses.add(constant), known(reduction));
  });
}

function fittedVariance(spread: Tensor, x: Tensor): Tensor {
  const [own, all] = [spread.shape, x.shape];
  if (`${own}` === `${all}`) return spread;
  if (`${own}` === `${all.slice(0, -1)}`) return spread.unsqueeze(-1);
  const others = all.filter((size, n) => size !== own[n]);
  const sizes = own.filter((size, n) => size !== all[n]);
  if (own.length === all.length && others.length === 1 && sizes[0] === 1) return spread;
  throw new RangeError(`gaussianNllLoss: variances of [${own}] do not fit an input of [${all}]`);
}

/** Options of the functional `marginRankingLoss`. */
export interface RankingOptions extends LossOptions {
  /** 0 by default. */
  readonly margin?: number;
}

/** max(0, -y (a - b) + margin). Throws RangeError where dimensions are not as many. */
export function marginRankingLoss(
  a: Tensor,
  b: Tensor,
  target: Tensor,
  ...args: Named<["margin", "reduction"], RankingOptions>
): Tensor {
  const given = named<RankingOptions>("marginRankingLoss", "margin reduction", args, {
    a,
    b,
    target,
  });
  const { margin = 0, reduction = "mean" } = given;
  requireDimensions("marginRankingLoss", a, b, target);
  return torch.marginRankingLoss(a, b, target, margin, reduction);
}

/** Options of the functional `tripletMarginLoss`. */
export interface TripletOptions extends LossOptions {
  /** Above 0; 1 by default. */
  readonly margin?: number;
  /** Which norm is the distance; 2 by default. */
  readonly p?: number;
  /** Added to the differences; 1e-6 by default. */
  readonly eps?: number;
  /** Whether the positive may be the anchor where that is harder; false by default. */
  readonly swap?: boolean;
}

/** max(0, |anchor - positive| - |anchor - negative| + margin). */
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  ...args: Named<["margin", "p", "eps", "swap", "reduction"], TripletOptions>
): Tensor {
  const names = "margin p eps swap reduction";
  const given = named<TripletOptions>("tripletMarginLoss", names, args, {
    anchor,
    positive,
    negative,
  });
  const { margin = 1, p = 2, eps = 1e-6, swap = false, reduction = "mean" } = given;
  requireMargin("tripletMarginLoss", margin);
  return torch.tripletMarginLoss(anchor, positive, negative, margin, p, eps, swap, reduction);
}

/** Options of `tripletMarginWithDistanceLoss`. */
export interface TripletDistanceOptions extends LossOptions {
  /** By default the Euclidean distance of rows. */
  readonly distanceFunction?: ((a: Tensor, b: Tensor) => Tensor) | null;
  /** Above 0; 1 by default. */
  readonly margin?: number;
  /** Whether the positive may be the anchor where that is harder; false by default. */
  readonly swap?: boolean;
}

/** `tripletMarginLoss` by a distance of one's own. */
export function tripletMarginWithDistanceLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletDistanceOptions = {},
): Tensor {
  const names = "distanceFunction margin swap reduction";
  const given = named<TripletDistanceOptions>("tripletMarginWithDistanceLoss", names, [options], {
    anchor,
    positive,
    negative,
  });
  const { distanceFunction, margin = 1, swap = false, reduction = "mean" } = given;
  const distance = distanceFunction ?? ((a, b) => torch.pairwiseDistance(a, b));
  requireMargin("tripletMarginWithDistanceLoss", margin);
  requireDimensions("tripletMarginWithDistanceLoss", anchor, positive, negative);
  return torch.scope(() => {
    const near = distance(anchor, positive);
    const far = distance(anchor, negative);
    const least = swap ? torch.minimum(far, distance(positive, negative)) : far;
    return reduced(near.sub(least).add(margin).clampMin(0), known(reduction));
  });
}

function requireMargin(what: string, margin: number): void {
  if (!(margin > 0)) throw new RangeError(`${what}: margin ${margin} is not above 0`);
}

function requireDimensions(what: string, ...tensors: readonly Tensor[]): void {
  if (new Set(tensors.map(({ ndim }) => ndim)).size === 1) return;
  const shapes = tensors.map(({ shape }) => `[${shape}]`).join(", ");
  throw new RangeError(`${what}: expected tensors of as many dimensions, given ${shapes}`);
}
