import { checkOptions } from "../../torch/errors";
import { draw, type Estimator } from "./estimator";

export interface ReinforceOptions {
  /**
   * Share of decisions that are drawn evenly from all alternatives, so that none dies out; 0 by
   * default. BlockDrop's bound alpha on probabilities is explore = 2 (1 - alpha) (Wu et al. 2018,
   * arXiv 1711.08393, section 3.2).
   */
  readonly explore?: number;
}

/**
 * Decisions without a gradient of their own, for `policyGradient`, which needs no counterfactual:
 * unbiased, with the largest variance of all.
 */
export function reinforce(options: ReinforceOptions = {}): Estimator {
  const { explore = 0 } = checkOptions("reinforce", options, ["explore"]);
  if (!(explore >= 0 && explore < 1)) {
    throw new RangeError(`the share of even draws is from 0 to below 1, not ${explore}`);
  }
  return (logits, { exponential }) => {
    const alternatives = logits.shape[logits.ndim - 1];
    const probabilities = logits
      .softmax(-1)
      .mul(1 - explore)
      .add(explore / alternatives);
    const { choice, hard } = draw(explore > 0 ? probabilities.log() : logits, exponential);
    return { gate: hard, choice, probabilities };
  };
}
