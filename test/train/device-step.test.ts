import test from "ava";
import * as torch from "../../src/torch";
import { evaluate } from "../../src/train/evaluate";
import type { Recorder } from "../../src/train/recorder";
import { Trainer } from "../../src/train/trainer";
import { countReads } from "../reads";
import {
  copiedState,
  STATIC_STRATEGIES as STRATEGIES,
  tinyModel,
  tinyRecipe,
  unevenTask,
  type Variation,
  staticVariation as variation,
  weightsOf,
} from "./support";

function trainer(of: Variation, recorder: Recorder | null = null) {
  const recipe = tinyRecipe(of);
  return new Trainer(recipe, tinyModel(recipe), unevenTask, recorder);
}

function steps(trainer: Trainer, count: number) {
  return Array.from({ length: count }, () => trainer.next());
}

/** Does the work again by running it, and counts what it recorded. */
function rerunning() {
  const counts = { recorded: 0, replayed: 0 };
  const recorder: Recorder = {
    record(work) {
      counts.recorded++;
      for (let warmUp = 0; warmUp < 2; warmUp++) work();
      const recording = { result: work(), replay };
      function replay() {
        counts.replayed++;
        torch.scope(() => {
          const { values } = work() as { values: torch.Tensor };
          (recording.result as { values: torch.Tensor }).values.copy_(values);
        });
      }
      return recording;
    },
  };
  return { recorder, counts };
}

for (const strategy of STRATEGIES) {
  for (const microBatches of [1, 2]) {
    test(`${strategy}, ${microBatches} parts: static execution trains as the plain one`, (t) => {
      const train = { steps: 12, batchSize: 16, lengthWindow: 4, warmup: 4, microBatches };
      const run = (execution: string) =>
        trainer(variation(strategy, execution, { dropout: 0, train }));
      const plain = run(strategy === "standard" ? "routed" : "masked");
      const fixed = run("static");
      const [expected, actual] = [steps(plain, 6), steps(fixed, 6)];
      for (const [n, step] of expected.entries()) {
        t.true(Math.abs(step.loss - actual[n].loss) < 1e-4 * step.loss, `loss of step ${n}`);
        t.is(actual[n].lr, step.lr);
        t.deepEqual(actual[n].decisions?.usage, step.decisions?.usage, `usage of step ${n}`);
      }
    });
  }

  test(`${strategy}: recorded steps are those that are not, to the bit`, (t) => {
    const { recorder, counts } = rerunning();
    const plain = trainer(variation(strategy, "static"));
    const recorded = trainer(variation(strategy, "static"), recorder);
    t.deepEqual(steps(recorded, 10), steps(plain, 10));
    t.deepEqual(weightsOf(recorded.model), weightsOf(plain.model));
    t.true(counts.recorded > 1 && counts.recorded < 5, `${counts.recorded} sets of shapes`);
    t.is(counts.replayed, 10);
  });

  test(`${strategy}: a step reads once`, (t) => {
    const training = trainer(variation(strategy, "static"));
    steps(training, 2);
    // On the CPU clipping looks at its scale, which waits for nothing.
    const clippings = strategy === "standard" ? 1 : 2;
    t.is(
      countReads(() => training.next()),
      1 + clippings,
    );
  });

  test(`${strategy}: recorded steps go on exactly after a checkpoint`, (t) => {
    const whole = trainer(variation(strategy, "static"), rerunning().recorder);
    steps(whole, 3);
    const state = copiedState(whole.state());
    const weights = Object.entries(whole.model.stateDict()).map(([name, weight]) => [
      name,
      weight.detach().clone(),
    ]);
    const expected = steps(whole, 4);
    const resumed = trainer(variation(strategy, "static"), rerunning().recorder);
    steps(resumed, 1);
    resumed.model.loadStateDict(Object.fromEntries(weights));
    resumed.restore(state);
    t.deepEqual(steps(resumed, 4), expected);
    t.deepEqual(weightsOf(resumed.model), weightsOf(whole.model));
  });

  test(`${strategy}: what is not finite leaves weights, optimizers and usage`, (t) => {
    const training = trainer(variation(strategy, "static"), rerunning().recorder);
    steps(training, 2);
    const broken = training.model.parameters().find(({ requiresGrad }) => requiresGrad)!;
    torch.noGrad(() => broken.fill_(Number.NaN));
    const kept = () => {
      const { model, policy, usage } = training.state();
      return [model, policy]
        .flatMap((one) => Object.entries(one?.optimizer.tensors ?? {}))
        .concat(Object.entries(usage ?? {}))
        .map(([name, tensor]) => [name, Array.from(tensor.toTypedArray(), Number)]);
    };
    const [weights, state] = [weightsOf(training.model), kept()];
    t.throws(() => training.next(), { name: "Failure", message: /the loss is NaN/ });
    t.deepEqual(weightsOf(training.model), weights);
    t.deepEqual(kept(), state);
    t.is(training.step, 2);
  });
}

test("steps leave no tensors behind but what they are recorded with", (t) => {
  const training = trainer(variation("SpotTune_Block", "static"), rerunning().recorder);
  steps(training, 8);
  const before = torch.memory().tensors;
  steps(training, 4);
  t.true(torch.memory().tensors <= before + 4 * 4, `${before} -> ${torch.memory().tensors}`);
});

test("static execution measures what routed execution does", async (t) => {
  const measured = ["routed", "static"].map(async (execution) => {
    const { model } = trainer(variation("SpotTune_Block", execution));
    const { dataset, train } = unevenTask;
    return evaluate(model, dataset, train, { batchSize: 24, controls: true });
  });
  const [routed, fixed] = await Promise.all(measured);
  t.is(fixed.accuracy, routed.accuracy);
  t.true(Math.abs(fixed.loss - routed.loss) < 1e-5);
  t.deepEqual(fixed.decisions!.usage, routed.decisions!.usage);
  t.true(fixed.flops.mean > routed.flops.mean, "padding is computed");
});
