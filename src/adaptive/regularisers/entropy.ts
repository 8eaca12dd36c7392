import type { Tensor } from "../../torch";

/**
 * How undecided the policy is, a scalar from 0 to 1: the mean entropy of decisions as a share of
 * the largest there is (the binary entropy in bits, of two alternatives). Adding it to the loss
 * makes decisions confident.
 *
 * Takes probabilities [B,N,K]. `instance`: every decision for itself, so that inputs may differ.
 * `batch`: each site's mean over the batch, so that all inputs get the same, as for a global mask
 * (Guo et al. 2019, arXiv 1811.08737). Value and gradient are finite at any usage.
 */
export function confidence(
  probabilities: Tensor,
  { scope }: { readonly scope: "instance" | "batch" },
): Tensor {
  return entropy(scope === "instance" ? probabilities : probabilities.mean([0])).mean();
}

/**
 * How alike inputs' decisions are, a scalar from 0 to 1: what the entropy of each site's mean over
 * the batch lacks to the largest there is. With `confidence` by instance it adds up to 1 minus the
 * information that decisions hold about the input.
 *
 * Takes probabilities [B,N,K]; its scope is the batch, as one input alone is like itself. Value and
 * gradient are finite at any usage.
 */
export function diversity(probabilities: Tensor): Tensor {
  return entropy(probabilities.mean([0]))
    .mean()
    .neg()
    .add(1);
}

/** Entropy of [..,K] over log K: [..]. */
function entropy(probabilities: Tensor): Tensor {
  const alternatives = probabilities.shape[probabilities.ndim - 1];
  const logs = probabilities.clampMin(SMALLEST).log();
  return probabilities.mul(logs).sum(-1).div(-Math.log(alternatives));
}

/** Keeps the slope of -p log p finite at 0. */
const SMALLEST = 1e-6;
