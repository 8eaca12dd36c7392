import type { Module } from "../nn";
import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import type { AdaptableModel, AdaptedModel, Told } from "./adapted-model";

/** What each input's decisions are worth, the more the better: outputs, choice [B,N] -> [B]. */
export type Reward<M extends AdaptableModel> = (
  outputs: ReturnType<M["forward"]> & Told,
  choice: Tensor,
) => Tensor;

/**
 * The loss whose gradient raises the expected advantage of drawn decisions (REINFORCE, Williams
 * 1992), a scalar: -mean over inputs of advantage x log-probability of all of an input's decisions.
 *
 * Takes probabilities [B,N,K], choice [B,N] int64 and advantages [B], which have no gradient.
 */
export function policyGradient(probabilities: Tensor, choice: Tensor, advantage: Tensor): Tensor {
  const picked = probabilities.gather(-1, choice.unsqueeze(-1)).squeeze(-1); // [B,N]
  const logProbability = picked.clampMin(SMALLEST).log().sum(1); // [B]
  return advantage.detach().mul(logProbability).mean().neg();
}

/**
 * The policy gradient whose baseline is what the most probable decisions earn for the same input
 * (self-critical: Rennie et al. 2017, arXiv 1612.00563; BlockDrop, arXiv 1711.08393, section 3.2).
 *
 * `outputs` are those of the adapted model for the inputs in training; the baseline is one forward
 * more, in evaluation mode and without gradient.
 */
export function selfCritical<M extends AdaptableModel>(
  adapted: AdaptedModel<M>,
  inputs: Parameters<M["forward"]>[0],
  outputs: ReturnType<M["forward"]> & Told,
  reward: Reward<M>,
): Tensor {
  const { probabilities, decisions: choice } = outputs;
  if (!probabilities || !choice)
    throw new Error("nothing was decided: there is no policy to learn");
  const advantage = torch.noGrad(() => {
    const best = probabilities.argmax(-1);
    const baseline = inEvaluation(adapted, () => adapted.forward(inputs, { decisions: best }));
    return reward(outputs, choice).sub(reward(baseline, best));
  });
  return policyGradient(probabilities, choice, advantage);
}

export interface BlockDropRewardOptions {
  /** The numbers of the alternatives whose use is dear, such as that of `keep`. */
  readonly used: readonly number[];
  /** What a wrong answer earns, with a minus: gamma of the paper; 5 by default. */
  readonly penalty?: number;
}

/**
 * BlockDrop's reward [B]: 1 - (share of sites used)^2 where the answer is right, else -penalty
 * (Wu et al. 2018, arXiv 1711.08393, section 3.2). Takes choice [B,N] int64 and correct [B] bool.
 */
export function blockDropReward(
  choice: Tensor,
  correct: Tensor,
  options: BlockDropRewardOptions,
): Tensor {
  const { used, penalty = 5 } = checkOptions("blockDropReward", options, ["used", "penalty"]);
  const isUsed = used.map((k) => choice.eq(k)).reduce((any, one) => any.logicalOr(one));
  const share = isUsed.to("float32").mean([1]); // [B]
  const right = share.square().neg().add(1);
  return torch.where(correct, right, right.newFull([], -penalty));
}

function inEvaluation<T>(module: Module, run: () => T): T {
  const { training } = module;
  module.eval();
  try {
    return run();
  } finally {
    module.train(training);
  }
}

/** Keeps the logarithm finite. */
const SMALLEST = 1e-30;
