import { decisionLine, majorityMask } from "../adaptive";
import { breathe } from "./breathe";
import { loadWeights, readMask } from "./checkpoint";
import { type Evaluation, evaluate } from "./evaluate";
import { type Measured, measure } from "./measure";
import type { TrainedModel } from "./model";
import type { Recipe } from "./recipe";
import { countedAlternative } from "./recipe-strategy";
import type { CheckpointName, RunFolder } from "./run-folder";
import type { Task } from "./task";
import { type StepMetrics, Trainer, type TrainerState } from "./trainer";
import type { Watch } from "./watch";

/** The figures of a run, all of them of its best checkpoint. */
export interface RunResult extends Measured {
  readonly name: string;
  readonly strategy: Recipe["strategy"]["name"];
  readonly domain: string;
  readonly sourceDomain: string | null;
  /** What the model trained and was measured in. */
  readonly precision: Recipe["train"]["precision"];
  readonly steps: number;
  /** The step with the best validation accuracy. */
  readonly bestStep: number;
  readonly parameters: ParameterCounts;
  /** Since the run began, or went on. */
  readonly seconds: { readonly training: number; readonly measuring: number };
  readonly examples: { readonly train: number; readonly validation: number };
}

export interface ParameterCounts {
  /** All that trains, the policy included. */
  readonly trainable: number;
  readonly policy: number;
  readonly total: number;
}

export interface Training {
  readonly recipe: Recipe;
  readonly task: Task;
  readonly model: TrainedModel;
  readonly folder: RunFolder;
  /** Where the training was when it was interrupted, whose weights the model has. */
  readonly from?: TrainerState | null;
  /** Whether that was another training, in what it learnt from or how. */
  readonly branches?: boolean;
}

/** Trains a model as its recipe says, writing all there is to know into the run's folder. */
export async function train(training: Training, watch: Watch = {}): Promise<RunResult> {
  const { recipe, task, model, folder, from, branches = false } = training;
  const clock = new Clock();
  const trainer = new Trainer(recipe, model, task);
  if (from) trainer.restore(from, { branches });
  const best = await clock.time("training", () => loop(training, trainer, clock, watch));
  loadWeights(folder.checkpoint("best"), model);
  const mask = maskOf(recipe, () => readMask(folder.checkpoint("best"), model.space));
  const measured = await clock.time("measuring", () => measure(model, task, recipe, watch, mask));
  const result: RunResult = {
    name: recipe.name,
    strategy: recipe.strategy.name,
    domain: recipe.data.domain,
    sourceDomain: recipe.data.source,
    precision: recipe.train.precision,
    steps: trainer.step,
    bestStep: best,
    ...measured,
    parameters: countParameters(model),
    seconds: { training: clock.seconds.training, measuring: clock.seconds.measuring },
    examples: { train: task.train.length, validation: task.validation.length },
  };
  if (measured.validation.decisions) folder.writeMask(majorityMask(measured.validation.decisions));
  folder.writeResult(result);
  return result;
}

/** The one mask for all inputs, where a recipe is measured under one. */
export function maskOf<T>({ evaluation }: Pick<Recipe, "evaluation">, mask: () => T): T | null {
  return evaluation.decisions === "global" ? mask() : null;
}

export function countParameters(model: TrainedModel): ParameterCounts {
  return {
    trainable: model.numParameters({ trainable: true }),
    policy: model.policy?.numParameters({ trainable: true }) ?? 0,
    total: model.numParameters(),
  };
}

/** Takes all steps; gives the one with the best validation accuracy, the first of equal ones. */
async function loop(
  { recipe, task, model, folder }: Training,
  trainer: Trainer,
  clock: Clock,
  watch: Watch,
): Promise<number> {
  const { train, evaluation, checkpoint } = recipe;
  let best = folder.best();
  let latest: Evaluation | null = null;
  const save = (names: readonly CheckpointName[]) =>
    folder.writeCheckpoint(model, trainer.state(), {
      names,
      keep: checkpoint.every === 0 ? 0 : checkpoint.keep,
      by: { recipe, data: task.fingerprint },
    });
  while (trainer.step < train.steps) {
    const metrics = trainer.next();
    folder.append("metrics.jsonl", { type: "step", ...metrics });
    const { step } = metrics;
    if (step % evaluation.every === 0 || step === train.steps) {
      latest = await clock.time("measuring", () =>
        evaluate(model, task.dataset, task.validation, {
          batchSize: evaluation.batchSize,
          mask: maskOf(recipe, () => trainer.mask()),
          controls: evaluation.controls,
        }),
      );
      record(folder, step, latest);
      watch.note?.(evaluationLine(step, latest));
      const isBest = latest.accuracy > best.accuracy;
      if (isBest) best = { step, accuracy: latest.accuracy };
      save(isBest ? ["best", "last"] : ["last"]);
    } else if (checkpoint.every > 0 && step % checkpoint.every === 0) {
      save(["last"]);
    }
    watch.progress?.({
      phase: "training",
      done: step,
      total: train.steps,
      unit: "steps",
      detail: describe(metrics, latest),
    });
    await breathe();
  }
  return best.step;
}

function record(folder: RunFolder, step: number, evaluation: Evaluation): void {
  const { decisions, decisionsByKind, flops, ...figures } = evaluation;
  folder.append("metrics.jsonl", { type: "validation", step, ...figures });
  if (decisions) folder.append("decisions.jsonl", { step, ...decisions, byKind: decisionsByKind });
}

/** An evaluation in one line; where a policy decides, with how it does. */
function evaluationLine(step: number, { accuracy, decisions }: Evaluation): string {
  const line = `step ${step}: validation ${(100 * accuracy).toFixed(1)} %`;
  if (!decisions) return line;
  return `${line}; ${decisionLine(decisions, countedAlternative(decisions.usage))}`;
}

function describe({ loss, decisions }: StepMetrics, validation: Evaluation | null): string {
  const parts = [`loss ${loss.toFixed(2)}`];
  if (decisions) {
    const counted = countedAlternative(decisions.usage);
    parts.push(`${counted} ${Math.round(100 * decisions.usage[counted])} %`);
  }
  if (validation) parts.push(`validation ${(100 * validation.accuracy).toFixed(1)} %`);
  return parts.join(", ");
}

/** Adds up seconds by what they went into; what is inside another counts there alone. */
class Clock {
  readonly seconds: Record<string, number> = {};
  private inner = 0;

  async time<T>(name: string, work: () => Promise<T>): Promise<T> {
    const started = performance.now();
    const innerBefore = this.inner;
    const result = await work();
    const all = (performance.now() - started) / 1000;
    const own = all - (this.inner - innerBefore);
    this.seconds[name] = (this.seconds[name] ?? 0) + own;
    this.inner = innerBefore + all;
    return result;
  }
}
