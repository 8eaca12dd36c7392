import type { Tensor } from "../../torch";
import * as torch from "../../torch";
import { checkOptions } from "../../torch/errors";

/**
 * How often what was not picked is computed for the policy's gradient: `exact` is always, `fixed` a
 * share of all decisions alike, `adaptive` the same share of a batch on average, each decision in
 * proportion to how far its gradient reaches; without a number, a quarter.
 */
export type CounterfactualRate =
  | "exact"
  | "adaptive"
  | { readonly fixed: number }
  | { readonly adaptive: number };

/** A share of decisions, and whether the gate tells which. */
interface Sampling {
  readonly share: number;
  readonly isAdaptive: boolean;
}

/** Decisions of which some are compared with their alternatives. */
export interface Compared {
  /** The gate [B,N,K] whose gradient is divided by the probability of having been compared. */
  readonly gate: Tensor;
  /** [B,N] bool. */
  readonly where: Tensor;
}

/** What is known of decisions that may be compared. */
export interface Comparable {
  /** One-hot [B,N,K], with the estimator's gradient. */
  readonly gate: Tensor;
  /** The estimator's smooth stand-in [B,N,K]; see `Drawn`. */
  readonly relaxed?: () => Tensor;
  /** Which sites are decided about yet: [N] bool. */
  readonly free: Tensor;
  /** Which sites the rate is for, [N] bool: all others are compared anyway. */
  readonly sampled: Tensor;
}

/** What a rate asks for; null where all is compared. Throws for what is no share above 0. */
export function samplingOf(rate: CounterfactualRate): Sampling | null {
  if (rate === "exact") return null;
  if (rate === "adaptive") return { share: 1 / 4, isAdaptive: true };
  checkOptions("a gate's counterfactuals", rate, ["fixed", "adaptive"]);
  const [[name, share] = ["fixed", undefined]] = Object.entries(rate) as [
    "fixed" | "adaptive",
    number | undefined,
  ][];
  if (share !== undefined && share > 0 && share < 1)
    return { share, isAdaptive: name === "adaptive" };
  if (share === 1) return null;
  throw new RangeError(`counterfactuals: ${name} is above 0 and at most 1, not ${share}`);
}

/**
 * Chooses which decisions are compared. Each is with its own probability q and then counts 1/q
 * times, so that the gradient's expectation is that of comparing all (Horvitz and Thompson 1952).
 */
export function compareSome(
  { gate, relaxed, free, sampled }: Comparable,
  { share, isAdaptive }: Sampling,
): Compared {
  const dtype = gate.dtype === "float64" ? "float64" : "float32";
  const { q, where } = torch.noGrad(() => {
    const q = isAdaptive
      ? inProportion(reachOf(relaxed).to(dtype), share, free.logicalAnd(sampled))
      : gate.newFull(gate.shape.slice(0, -1), share, { dtype });
    const drawn = torch.randLike(q).lt(q).logicalOr(sampled.logicalNot());
    return { q: torch.where(sampled, q, q.newOnes([])), where: drawn.logicalAnd(free) };
  }); // each [B,N]
  const weight = where.to(dtype).div(q).to(gate.dtype).unsqueeze(-1); // [B,N,1]
  return { gate: weighted(gate, weight), where };
}

/** The gate's value with its gradient times a weight. */
function weighted(gate: Tensor, weight: Tensor): Tensor {
  const fixed = gate.detach();
  return fixed.add(gate.sub(fixed).mul(weight));
}

/**
 * How far the gradient of each decision reaches [B,N]: s (1 - s) / temperature, where s is the smooth
 * stand-in of two alternatives, and its sum over more. The temperature is the same for all: left out.
 */
function reachOf(relaxed: Comparable["relaxed"]): Tensor {
  if (relaxed) {
    const s = relaxed();
    return s.mul(s.neg().add(1)).sum(-1);
  }
  throw new Error(
    "adaptive counterfactuals follow the estimator's smooth decisions, and this one tells none: " +
      "give what it draws a `relaxed`, or compare a share of decisions with { fixed }",
  );
}

/**
 * Probabilities q = min(1, c x) [B,N] whose mean over open decisions is a share. In proportion to x
 * sampling adds the least variance, other things equal, and no gradient is blown up: x / q is the
 * same for all. What would hardly ever be compared is now and then, so that no weight 1 / q is huge.
 *
 * With the values in descending order, c is the largest of (what is to be given, less 1 for each
 * value before) / (the sum of the values from here on): q is then 1 just for those before.
 */
function inProportion(x: Tensor, share: number, open: Tensor): Tensor {
  const [sorted] = x.mul(open).flatten().sort({ descending: true });
  const sums = sorted.flip([0]).cumsum(0).flip([0]);
  const before = torch.arange(x.numel(), { dtype: x.dtype, device: x.device });
  const given = open.sum().mul(share * x.size(0));
  const c = given.sub(before).div(sums.clampMin(1e-30)).max();
  return x.mul(c).clamp(RAREST, 1);
}

/** The smallest probability of being compared. */
const RAREST = 1 / 1024;
