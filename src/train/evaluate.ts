import {
  type DecisionSpace,
  DecisionStatistics,
  type DecisionSummary,
  type Spread,
} from "../adaptive";
import { collate, type Dataset, type Example } from "../data";
import type { Tensor } from "../torch";
import * as torch from "../torch";
import { breathe } from "./breathe";
import type { TrainedModel } from "./model";

/** What a model does on some examples, in evaluation mode. */
export interface Evaluation {
  readonly examples: number;
  /** Share of examples answered right, 0 .. 1. */
  readonly accuracy: number;
  /** The same by kind of question. */
  readonly accuracyByKind: Readonly<Record<string, number>>;
  /** Mean cross entropy. */
  readonly loss: number;
  /** Matrix-product FLOPs of one forward, over inputs; the policy's included. */
  readonly flops: Spread;
  /** What the policy decided; absent under a static strategy. */
  readonly decisions?: DecisionSummary;
  /** The same by kind of question. */
  readonly decisionsByKind?: Readonly<Record<string, DecisionSummary>>;
}

export interface EvaluateOptions {
  readonly batchSize: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Measures a model on examples, each once in the order given: the same weights, examples and batch
 * size give the same result to the bit. Decisions are the most probable ones (arg-max).
 */
export async function evaluate(
  model: TrainedModel,
  dataset: Dataset,
  examples: readonly Example[],
  { batchSize, onProgress }: EvaluateOptions,
): Promise<Evaluation> {
  const tally = new Tally();
  const decisions = model.sites.length > 0 ? new DecisionsByKind(model.space) : null;
  model.eval();
  for (let start = 0; start < examples.length; start += batchSize) {
    const batch = examples.slice(start, start + batchSize);
    torch.noGrad(() => torch.scope(() => measure(model, dataset, batch, tally, decisions)));
    onProgress?.(start + batch.length, examples.length);
    await breathe();
  }
  return { ...tally.result(), ...decisions?.result() };
}

function measure(
  model: TrainedModel,
  dataset: Dataset,
  batch: readonly Example[],
  tally: Tally,
  statistics: DecisionsByKind | null,
): void {
  const padId = dataset.vocabulary.padId;
  const { inputs, answers, kinds } = collate(batch, dataset.regions, { padId });
  const { logits, decisions, probabilities, flops } = model.forward(inputs);
  const right = logits.argmax(-1).eq(answers).toTypedArray(); // [B]
  const loss = torch.crossEntropyLoss(logits, answers).item();
  for (const [row, kind] of kinds.entries()) tally.add(kind, Number(right[row]), flops[row]);
  tally.loss += Number(loss) * batch.length;
  if (statistics && decisions) statistics.add(kinds, decisions, probabilities!, flops);
}

/** Counts what is right, in whole numbers, so that no order of summing matters. */
class Tally {
  loss = 0;
  private flops = 0;
  private flopsSquared = 0;
  private readonly kinds = new Map<string, { right: number; all: number }>();

  add(kind: string, right: number, flops: number): void {
    const count = this.kinds.get(kind) ?? { right: 0, all: 0 };
    this.kinds.set(kind, { right: count.right + right, all: count.all + 1 });
    this.flops += flops;
    this.flopsSquared += flops ** 2;
  }

  result(): Omit<Evaluation, "decisions" | "decisionsByKind"> {
    const counts = [...this.kinds.values()];
    const examples = counts.reduce((sum, { all }) => sum + all, 0);
    const right = counts.reduce((sum, count) => sum + count.right, 0);
    const mean = this.flops / examples;
    const byKind = byName(this.kinds).map(([kind, count]) => [kind, count.right / count.all]);
    return {
      examples,
      accuracy: right / examples,
      accuracyByKind: Object.fromEntries(byKind),
      loss: this.loss / examples,
      flops: { mean, std: Math.sqrt(Math.max(0, this.flopsSquared / examples - mean ** 2)) },
    };
  }
}

/** Decision statistics of all inputs, and of those with each kind of question. */
class DecisionsByKind {
  private readonly all: DecisionStatistics;
  private readonly kinds = new Map<string, DecisionStatistics>();

  constructor(private readonly space: DecisionSpace) {
    this.all = new DecisionStatistics(space);
  }

  /** Adds a batch: decisions [B,N] int64, probabilities [B,N,K] and FLOPs [B]. */
  add(kinds: readonly string[], decisions: Tensor, probabilities: Tensor, flops: Float64Array) {
    this.all.add(decisions, probabilities, flops);
    for (const kind of new Set(kinds)) {
      const rows = [...kinds.keys()].filter((row) => kinds[row] === kind);
      const index = torch.tensor(rows, { dtype: "int64", device: decisions.device });
      if (!this.kinds.has(kind)) this.kinds.set(kind, new DecisionStatistics(this.space));
      this.kinds.get(kind)!.add(
        decisions.indexSelect(0, index),
        probabilities.indexSelect(0, index),
        Float64Array.from(rows, (row) => flops[row]),
      );
    }
  }

  result(): Pick<Evaluation, "decisions" | "decisionsByKind"> {
    const byKind = byName(this.kinds).map(([kind, statistics]) => [kind, statistics.summary()]);
    return { decisions: this.all.summary(), decisionsByKind: Object.fromEntries(byKind) };
  }
}

function byName<T>(kinds: ReadonlyMap<string, T>): [string, T][] {
  return [...kinds].sort(([a], [b]) => (a < b ? -1 : 1));
}
