import type { Tensor } from "../../torch";
import * as torch from "../../torch";

/**
 * How often what was not picked is computed for the policy's gradient: `exact` is always, a
 * probability is that share of decisions, `least` follows the gate: a decision whose gradient is at
 * its largest is always compared, one that hardly moves with this probability.
 */
export type CounterfactualRate =
  | "exact"
  | { readonly probability: number }
  | { readonly least: number };

/** Decisions of which some are compared with their alternatives. */
export interface Compared {
  /** The gate [B,N,K] whose gradient is divided by the probability of having been compared. */
  readonly gate: Tensor;
  /** [B,N] bool. */
  readonly where: Tensor;
}

/** Whether the rate needs to know how far decisions are from certain. */
export function followsGate(rate: CounterfactualRate): rate is { readonly least: number } {
  return rate !== "exact" && "least" in rate;
}

/** Throws for what is no probability above 0. */
export function checkRate(rate: CounterfactualRate): void {
  if (rate === "exact") return;
  const [[name, value]] = Object.entries(rate) as [string, number][];
  if (value > 0 && value <= 1) return;
  throw new RangeError(`counterfactuals: ${name} is above 0 and at most 1, not ${value}`);
}

/**
 * Chooses which decisions are compared. Each is with its own probability q and then counts 1/q
 * times, so that the gradient's expectation is that of comparing all (Horvitz and Thompson 1952).
 */
export function compareSome(
  gate: Tensor,
  rate: Exclude<CounterfactualRate, "exact">,
  relaxed: (() => Tensor) | undefined,
): Compared {
  const q = torch.noGrad(() =>
    followsGate(rate)
      ? slack(relaxed!())
          .mul(1 - rate.least)
          .add(rate.least)
      : gate.newFull(gate.shape.slice(0, -1), rate.probability),
  ); // [B,N]
  const where = torch.noGrad(() => torch.randLike(q).lt(q));
  const weight = where.to(gate.dtype).div(q).unsqueeze(-1); // [B,N,1]
  return { gate: weighted(gate, weight), where };
}

/** The gate's value with its gradient times a weight. */
function weighted(gate: Tensor, weight: Tensor): Tensor {
  const fixed = gate.detach();
  return fixed.add(gate.sub(fixed).mul(weight));
}

/** From 0 where a distribution [..,K] is certain to 1 where it is even: sum p (1 - p), scaled. */
function slack(p: Tensor): Tensor {
  const alternatives = p.shape[p.ndim - 1];
  const largest = 1 - 1 / alternatives;
  return p.mul(p.neg().add(1)).sum(-1).div(largest).clamp(0, 1);
}
