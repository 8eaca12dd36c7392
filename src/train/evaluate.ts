import {
  DecisionRecord,
  type DecisionSpace,
  DecisionStatistics,
  type DecisionSummary,
  type DecisionsOf,
  type Diagnostics,
  measureControls,
  type Spread,
} from "../adaptive";
import { byLength, collate, type Dataset, type Example, lengthOf } from "../data";
import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import { breathe } from "./breathe";
import { placeOf } from "./device";
import type { TrainedModel } from "./model";
import { putTogether, readTogether } from "./read-together";

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
  readonly decisions?: Diagnostics;
  /** The same by kind of question. */
  readonly decisionsByKind?: Readonly<Record<string, DecisionSummary>>;
}

export interface EvaluateOptions {
  readonly batchSize: number;
  /** The alternative of every site [N] for all inputs, in place of the policy's decisions. */
  readonly mask?: readonly number[] | null;
  /** Whether to hold the policy's decisions against others: three times the examples more. */
  readonly controls?: boolean;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Measures a model on examples, each once, short ones first: the same weights, examples and batch size
 * give the same result to the bit. Decisions are the most probable ones (arg-max).
 */
export async function evaluate(
  model: TrainedModel,
  dataset: Dataset,
  examples: readonly Example[],
  given: EvaluateOptions,
): Promise<Evaluation> {
  const {
    mask,
    controls = false,
    ...options
  } = checkOptions("evaluate", given, ["batchSize", "mask", "controls", "onProgress"]);
  const decides = model.sites.length > 0;
  const record = decides && controls && !mask ? new DecisionRecord(model.space) : null;
  const total = examples.length * (record ? 4 : 1);
  // Who shares a batch changes no result, only what a batch costs.
  const sorted = byLength(examples, (example) => lengthOf(example, dataset.regions));
  const pass = (given: DecisionsOf | null, before: number) =>
    passOver(model, dataset, sorted, {
      batchSize: options.batchSize,
      given,
      record: given ? null : record,
      onProgress: (done) => options.onProgress?.(before + done, total),
    });
  const evaluation = await pass(mask ? (_, count) => Array(count).fill([...mask]) : null, 0);
  const { decisions, accuracy } = evaluation;
  if (!record || !decisions) return evaluation;
  let done = examples.length;
  const measured = await measureControls(record, accuracy, async (given) => {
    const result = await pass(given, done);
    done += examples.length;
    return result.accuracy;
  });
  return { ...evaluation, decisions: { ...decisions, controls: measured } };
}

interface Pass {
  readonly batchSize: number;
  /** Decisions in place of the policy's. */
  readonly given: DecisionsOf | null;
  /** Keeps all decisions. */
  readonly record: DecisionRecord | null;
  readonly onProgress: (done: number) => void;
}

async function passOver(
  model: TrainedModel,
  dataset: Dataset,
  examples: readonly Example[],
  { batchSize, given, record, onProgress }: Pass,
): Promise<Evaluation> {
  const tally = new Tally();
  const statistics = model.sites.length > 0 ? new DecisionsByKind(model.space) : null;
  model.eval();
  for (let start = 0; start < examples.length; start += batchSize) {
    const batch = examples.slice(start, start + batchSize);
    const decisions = given?.(start, batch.length);
    torch.noGrad(() =>
      torch.scope(() => {
        const { kinds, chosen, probabilities, flops } = forward(
          model,
          dataset,
          batch,
          decisions,
          tally,
        );
        if (!chosen) return;
        statistics?.add(kinds, chosen, probabilities, flops);
        record?.add(chosen);
      }),
    );
    onProgress(start + batch.length);
    await breathe();
  }
  return { ...tally.result(), ...statistics?.result() };
}

/** Adds a batch to the tally; gives its decisions. */
function forward(
  model: TrainedModel,
  dataset: Dataset,
  batch: readonly Example[],
  given: number[][] | undefined,
  tally: Tally,
) {
  const padId = dataset.vocabulary.padId;
  const device = placeOf(model);
  const { inputs, answers, kinds } = collate(batch, dataset.regions, { padId, device });
  const outputs = model.forward(inputs, given && { decisions: given });
  const { decisions, probabilities, flops } = outputs;
  const logits = outputs.logits.to("float32");
  const { right, loss } = readTogether(
    putTogether({
      right: logits.argmax(-1).eq(answers), // [B]
      loss: torch.crossEntropyLoss(logits, answers),
    }),
  );
  for (const [row, kind] of kinds.entries()) tally.add(kind, right[row], flops[row]);
  tally.loss += loss[0] * batch.length;
  return { kinds, chosen: decisions?.cpu(), probabilities: probabilities?.cpu(), flops };
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

  /** Adds a batch, of the host's: decisions [B,N] int64, the policy's probabilities [B,N,K], FLOPs [B]. */
  add(
    kinds: readonly string[],
    decisions: Tensor,
    probabilities: Tensor | undefined,
    flops: Float64Array,
  ) {
    this.all.add(decisions, probabilities, flops);
    for (const kind of new Set(kinds)) {
      const rows = [...kinds.keys()].filter((row) => kinds[row] === kind);
      const index = torch.tensor(rows, { dtype: "int64" });
      if (!this.kinds.has(kind)) this.kinds.set(kind, new DecisionStatistics(this.space));
      this.kinds.get(kind)!.add(
        decisions.indexSelect(0, index),
        probabilities?.indexSelect(0, index),
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
