import {
  blockDropReward,
  budget,
  confidence,
  type DecisionSpace,
  diversity,
  type RunningUsage,
  selfCritical,
  type Told,
} from "../adaptive";
import type { VisionLanguageInputs } from "../data";
import type { Tensor } from "../torch";
import * as torch from "../torch";
import type { TrainedModel } from "./model";
import type { Recipe } from "./recipe";
import { type AdaptiveRecipe, isAdaptive } from "./recipe-strategy";

/** What a loss may have beside the answers. */
export type Term = "budget" | "confidence" | "diversity" | "reinforce";

/** What the loss is made of; each a scalar with gradient. */
export interface Objective {
  readonly total: Tensor;
  /** Cross entropy on the answer. */
  readonly task: Tensor;
  /** What is said about decisions, before its weight. */
  readonly terms: Readonly<Partial<Record<Term, Tensor>>>;
}

/** A batch that went through the model in training. */
export interface Passed {
  readonly inputs: VisionLanguageInputs;
  /** [B] int64 */
  readonly answers: Tensor;
  readonly outputs: { readonly logits: Tensor } & Told;
}

/** The loss of a batch; `usage` is that of the training so far, null where nothing is decided. */
export function objective(
  model: TrainedModel,
  passed: Passed,
  { strategy, train }: Pick<Recipe, "strategy" | "train">,
  usage: RunningUsage | null,
): Objective {
  const { labelSmoothing } = train;
  const logits = passed.outputs.logits.to("float32");
  const task = torch.crossEntropyLoss(logits, passed.answers, { labelSmoothing });
  if (!isAdaptive(strategy)) return { total: task, task, terms: {} };
  const weighted = termsOf(model, passed, strategy, usage);
  return {
    total: weighted.reduce((sum, { term, weight }) => sum.add(term.mul(weight)), task),
    task,
    terms: Object.fromEntries(weighted.map(({ name, term }) => [name, term])),
  };
}

interface Weighted {
  readonly name: Term;
  readonly term: Tensor;
  readonly weight: number;
}

function termsOf(
  model: TrainedModel,
  { inputs, answers, outputs }: Passed,
  { gate, ...losses }: AdaptiveRecipe,
  usage: RunningUsage | null,
): Weighted[] {
  const { probabilities, gate: decided } = outputs;
  const { estimator } = gate;
  const terms: Weighted[] = [];
  const add = (name: Term, weight: number, term: Tensor) => terms.push({ name, term, weight });
  if (losses.budget) {
    const { target, scope, weight } = losses.budget;
    const alternative = numberOf(losses.budget.alternative, model.space);
    // REINFORCE's gate has no gradient: what its probabilities lead to is held to the budget.
    const used = estimator.kind === "reinforce" ? probabilities! : decided!;
    const term = budget(used, { alternative, target, scope, usage: usage?.usage });
    // Nothing is known of all inputs before the first of them.
    add("budget", weight, scope === "global" ? term.mul(usage!.isKnown.squeeze()) : term);
  }
  if (losses.confidence) {
    const { scope, weight } = losses.confidence;
    add("confidence", weight, confidence(probabilities!, { scope }));
  }
  if (losses.diversity) add("diversity", losses.diversity.weight, diversity(probabilities!));
  if (estimator.kind === "reinforce" && probabilities!.requiresGrad) {
    const { penalty, weight } = estimator;
    const used = [numberOf(estimator.alternative, model.space)];
    const term = selfCritical(model, inputs, outputs as never, ({ logits }, choice) =>
      blockDropReward(choice, logits.argmax(-1).eq(answers), { used, penalty }),
    );
    add("reinforce", weight, term);
  }
  return terms;
}

function numberOf(alternative: string, { alternatives }: DecisionSpace): number {
  return alternatives.indexOf(alternative);
}
