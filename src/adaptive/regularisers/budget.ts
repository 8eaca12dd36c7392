import type { Tensor } from "../../torch";

export interface BudgetOptions {
  /** The number of the alternative whose use is counted. */
  readonly alternative: number;
  /** How many sites should use it. */
  readonly target: number;
  /**
   * `instance`: every input keeps to the target. `batch`: inputs do on average, so that one may use
   * more and another less; its value depends on which inputs share a batch.
   */
  readonly scope: "instance" | "batch";
}

/**
 * Squared distance of the number of sites that use an alternative from a target, a scalar
 * (constrain-K: `(sum over sites of mean usage - K)^2` in the scope of a batch).
 *
 * Takes the gate [B,N,K], whose gradient is straight-through, or probabilities [B,N,K]. Both value
 * and gradient are finite at any usage.
 */
export function budget(gate: Tensor, { alternative, target, scope }: BudgetOptions): Tensor {
  const used = gate.select(2, alternative).sum(1); // [B]
  const measured = scope === "instance" ? used : used.mean();
  return measured.sub(target).square().mean();
}
