import type { Example } from "../data";
import { type Evaluation, evaluate } from "./evaluate";
import type { TrainedModel } from "./model";
import type { Recipe } from "./recipe";
import type { Task } from "./task";
import type { Watch } from "./watch";

/** What a model does on everything that a table shows, in evaluation mode. */
export interface Measured {
  /** On a fixed part of the examples that it learnt from. */
  readonly train: Evaluation;
  readonly validation: Evaluation;
  /** On the source domain; null where there is none. */
  readonly source: Evaluation | null;
}

/** Measures a model on all parts of a task; under a mask all inputs get the same decisions. */
export async function measure(
  model: TrainedModel,
  task: Task,
  { evaluation }: Pick<Recipe, "evaluation">,
  watch: Watch = {},
  mask: readonly number[] | null = null,
): Promise<Measured> {
  const on = (examples: readonly Example[], name: string, controls = false) =>
    evaluate(model, task.dataset, examples, {
      batchSize: evaluation.batchSize,
      mask,
      controls,
      onProgress: (done, total) =>
        watch.progress?.({ phase: `measuring on ${name}`, done, total, unit: "examples" }),
    });
  return {
    train: await on(task.trainProbe, "training examples"),
    validation: await on(task.validation, "validation", evaluation.controls),
    source: task.source && (await on(task.source, "the source domain")),
  };
}

/**
 * The accuracy of a model that looks at neither image nor question but knows the question's kind:
 * it gives that kind's most frequent training answer. What has learnt something is above it.
 */
export function majorityAccuracy({
  train,
  validation,
}: Pick<Task, "train" | "validation">): number {
  const counts = new Map<string, Map<number, number>>();
  for (const { kind, answer } of train) {
    if (!counts.has(kind)) counts.set(kind, new Map());
    const ofKind = counts.get(kind)!;
    ofKind.set(answer, (ofKind.get(answer) ?? 0) + 1);
  }
  const guess = (kind: string) =>
    [...(counts.get(kind) ?? [])].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0]?.[0];
  const right = validation.filter(({ kind, answer }) => guess(kind) === answer).length;
  return right / validation.length;
}
