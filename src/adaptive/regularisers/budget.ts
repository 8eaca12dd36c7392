import type { Tensor } from "../../torch";
import { checkOptions } from "../../torch/errors";

export interface BudgetOptions {
  /** The number of the alternative whose use is counted. */
  readonly alternative: number;
  /** How many sites should use it. */
  readonly target: number;
  /**
   * `instance`: every input keeps to the target. `batch`: inputs do on average, so that one may use
   * more and another less; its value depends on which inputs share a batch. `global`: all inputs of
   * the training do on average, which `usage` says.
   */
  readonly scope: "instance" | "batch" | "global";
  /** In the global scope, the usage in training so far [N,K]: that of a `RunningUsage`. */
  readonly usage?: Tensor;
}

/**
 * Squared distance of the number of sites that use an alternative from a target, a scalar: K of
 * SpotTune's constrain-K, `(sum over sites of mean usage - K)^2` (Guo et al. 2019, arXiv 1811.08737, its
 * global policy), in the scopes of a batch and of all inputs.
 *
 * Takes the gate [B,N,K], whose gradient is straight-through, or probabilities [B,N,K]. Both value
 * and gradient are finite at any usage. In the global scope the distance is that of the usage so
 * far, and the batch at hand says how to change it: batches then add up to the gradient of all.
 */
export function budget(gate: Tensor, options: BudgetOptions): Tensor {
  const { alternative, target, scope } = checkOptions("budget", options, [
    "alternative",
    "target",
    "scope",
    "usage",
  ]);
  const used = gate.select(2, alternative).sum(1); // [B]
  if (scope === "global") return globalBudget(used, options);
  const measured = scope === "instance" ? used : used.mean();
  return measured.sub(target).square().mean();
}

function globalBudget(used: Tensor, { alternative, target, usage }: BudgetOptions): Tensor {
  if (!usage) throw new Error("a global budget needs the usage so far: { usage: running.usage }");
  const distance = usage.detach().select(1, alternative).sum().sub(target);
  const mean = used.mean();
  return distance.square().add(distance.mul(2).mul(mean.sub(mean.detach())));
}
