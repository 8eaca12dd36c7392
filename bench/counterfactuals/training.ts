import { collate } from "adaptune/data";
import * as torch from "adaptune/torch";
import {
  adaptModel,
  type Evaluation,
  evaluate,
  openData,
  openModel,
  type QuestionAnswering,
  type Recipe,
  readRecipe,
  type Task,
  Trainer,
} from "adaptune/train";
import { type Arm, inTurns } from "./arms";
import { type Variance, variances } from "./variance";

/** What a bench of short trainings asks for. */
export interface Short {
  readonly steps: number;
  readonly seeds: number;
  /** Gradients drawn at the end of each training of the first arm. */
  readonly draws: number;
  readonly say: (line: string) => void;
}

/** What came of one arm, a value for every seed but for the times. */
export interface Trained {
  readonly arm: Arm;
  /** Milliseconds of every step of every seed. */
  readonly times: number[];
  /** Share of what was not picked that was computed. */
  readonly executed: number[];
  readonly accuracy: number[];
  /** Share of validation's decisions that are tuned, and that differ from most at their site. */
  readonly tuned: number[];
  readonly differing: number[];
  readonly variance: Variance[];
}

/** Trains a recipe's model under every arm, step by step side by side. */
export async function shortTrainings(
  file: string,
  arms: readonly Arm[],
  short: Short,
): Promise<{ recipe: Recipe; trained: readonly Trained[] }> {
  const recipe = readRecipe(file);
  const watch = { note: short.say };
  const task = await openData(recipe, { watch });
  const base = await openModel(recipe, task, { watch });
  const trained = arms.map((arm): Trained => {
    return { arm, times: [], executed: [], accuracy: [], tuned: [], differing: [], variance: [] };
  });
  for (let seed = 0; seed < short.seeds; seed++) {
    short.say(`${recipe.name}: seed ${seed}, ${short.steps} steps of ${arms.length} trainings`);
    await oneSeed({ recipe, task, base }, seed, trained, short);
  }
  return { recipe, trained };
}

interface Material {
  readonly recipe: Recipe;
  readonly task: Task;
  readonly base: QuestionAnswering;
}

async function oneSeed(
  { recipe, task, base }: Material,
  seed: number,
  trained: readonly Trained[],
  { steps, draws }: Short,
): Promise<void> {
  const trainers = trained.map(({ arm }) => {
    const own = withRate(recipe, arm, seed, steps);
    return new Trainer(own, adaptModel(base, own), task);
  });
  const times = await inTurns(trainers, { rounds: steps, warm: 0 }, (trainer) => {
    trainer.next();
  });
  for (const [number, { model }] of trainers.entries()) {
    const into = trained[number];
    into.times.push(...times[number].slice(WARM));
    const rows = model.executed.reduce((sum, { withoutGradient }) => sum + withoutGradient, 0);
    const { sites, alternatives } = model.space;
    const lost = steps * recipe.train.batchSize * sites.length * (alternatives.length - 1);
    into.executed.push(rows / lost);
    const { accuracy, decisions } = await evaluate(model, task.dataset, task.validation, {
      batchSize: recipe.evaluation.batchSize,
    });
    into.accuracy.push(accuracy);
    into.tuned.push((decisions as NonNullable<Evaluation["decisions"]>).usage.tuned.mean);
    into.differing.push(decisions!.differFromMajority);
  }
  const batch = task.train.slice(0, recipe.train.batchSize);
  const { padId } = task.dataset.vocabulary;
  torch.scope(() => {
    const { inputs, answers } = collate(batch, task.dataset.regions, { padId });
    const point = {
      trained: trainers[0].model,
      base,
      inputs,
      loss: ({ logits }: { logits: torch.Tensor }) => torch.crossEntropyLoss(logits, answers),
    };
    const found = variances(
      point,
      trained.map(({ arm }) => arm),
      draws,
    );
    for (const [number, variance] of found.entries()) trained[number].variance.push(variance);
  });
}

/** The first steps of every seed are not timed: caches are cold. */
const WARM = 5;

function withRate(recipe: Recipe, { rate }: Arm, seed: number, steps: number): Recipe {
  const { strategy, train } = recipe;
  if (!("gate" in strategy)) throw new Error(`${strategy.name} decides nothing`);
  const gate = { ...strategy.gate, counterfactuals: rate };
  return {
    ...recipe,
    seed,
    strategy: { ...strategy, gate } as Recipe["strategy"],
    train: { ...train, steps },
  };
}
