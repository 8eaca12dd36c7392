import { budget, type DecisionSpace } from "../adaptive";
import type { Tensor } from "../torch";
import * as torch from "../torch";
import type { Recipe } from "./recipe";
import { isAdaptive } from "./recipe-strategy";

/** What the loss is made of; each a scalar with gradient. */
export interface Objective {
  readonly total: Tensor;
  /** Cross entropy on the answer. */
  readonly task: Tensor;
  /** The budget term before its weight; absent where there is none. */
  readonly budget?: Tensor;
}

/** The loss of a batch: logits [B,A], answers [B] int64, gate [B,N,K] where a policy decides. */
export function objective(
  { logits, gate }: { readonly logits: Tensor; readonly gate?: Tensor },
  answers: Tensor,
  { strategy, train }: Pick<Recipe, "strategy" | "train">,
  { alternatives }: Pick<DecisionSpace, "alternatives">,
): Objective {
  const task = torch.crossEntropyLoss(logits, answers, { labelSmoothing: train.labelSmoothing });
  if (!isAdaptive(strategy) || !strategy.budget || !gate) return { total: task, task };
  const { alternative, target, scope, weight } = strategy.budget;
  const number = alternatives.indexOf(alternative);
  const term = budget(gate, { alternative: number, target, scope });
  return { total: task.add(term.mul(weight)), task, budget: term };
}
