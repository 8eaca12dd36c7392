import test from "ava";
import * as torch from "../../src/torch";
import { Trainer } from "../../src/train/trainer";
import { countReads } from "../reads";
import { copiedState, task, tinyModel, tinyRecipe, type Variation, weightsOf } from "./support";

const STRATEGIES = ["standard", "frozen", "SpotTune_Block"] as const;

function trainer(variation: Variation = {}) {
  const recipe = tinyRecipe(variation);
  return new Trainer(recipe, tinyModel(recipe), task);
}

function steps(trainer: Trainer, count: number) {
  return Array.from({ length: count }, () => trainer.next());
}

for (const strategy of STRATEGIES) {
  test(`${strategy}: the loss falls`, (t) => {
    const losses = steps(trainer({ strategy }), 40).map(({ taskLoss }) => taskLoss);
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / 5;
    t.true(mean(losses.slice(-5)) < 0.97 * mean(losses.slice(0, 5)), `${losses}`);
  });

  test(`${strategy}: the same seed gives the same metrics and weights`, (t) => {
    const a = trainer({ strategy });
    const first = steps(a, 5);
    const b = trainer({ strategy });
    t.deepEqual(steps(b, 5), first);
    t.deepEqual(weightsOf(a.model), weightsOf(b.model));
    t.notDeepEqual(steps(trainer({ strategy, more: { seed: 1 } }), 5), first);
  });

  test(`${strategy}: steps, restore, steps equal all steps to the bit`, (t) => {
    const whole = trainer({ strategy });
    steps(whole, 3);
    const kept = copiedState(whole.state());
    const weights = Object.entries(whole.model.stateDict()).map(([name, weight]) => [
      name,
      weight.detach().clone(),
    ]);
    const expected = steps(whole, 3);

    const resumed = trainer({ strategy });
    resumed.model.loadStateDict(Object.fromEntries(weights));
    resumed.restore(kept);
    t.deepEqual(steps(resumed, 3), expected);
    t.deepEqual(weightsOf(resumed.model), weightsOf(whole.model));
  });
}

for (const strategy of ["SpotTune_Block", "SpotTune", "BlockDrop"] as const) {
  test(`${strategy}: masked execution trains as routed does, to rounding`, (t) => {
    const more = (execution: string) => ({
      execution,
      strategy: { name: strategy, policy: { hiddenSize: 8, heads: 1, warmup: 2 } },
    });
    const run = (execution: string) => trainer({ dropout: 0, more: more(execution) });
    const [routed, masked] = [run("routed"), run("masked")];
    const [actual, expected] = [steps(routed, 5), steps(masked, 5)];
    for (const [n, step] of expected.entries()) {
      t.true(Math.abs(step.loss - actual[n].loss) < 1e-4 * step.loss, `loss of step ${n}`);
      t.deepEqual(actual[n].decisions?.usage, step.decisions?.usage, `usage of step ${n}`);
    }
    t.true(masked.model.executed.every((rows) => rows.withGradient === 5 * 16));
  });
}

test("micro-batches give the gradient of the whole batch", (t) => {
  const run = (microBatches: number) => steps(trainer({ dropout: 0, train: { microBatches } }), 3);
  const [whole, parts] = [run(1), run(3)];
  for (const [step, { loss, gradientNorm }] of whole.entries()) {
    t.true(Math.abs(parts[step].loss - loss) < 1e-5 * loss);
    t.true(Math.abs(parts[step].gradientNorm - gradientNorm) < 1e-4 * gradientNorm);
  }
});

test("frozen weights stay, tuned weights and the policy move", (t) => {
  const training = trainer({ strategy: "SpotTune_Block" });
  const before = weightsOf(training.model);
  steps(training, 6);
  const after = weightsOf(training.model);
  const moved = (name: string) => `${before[name]}` !== `${after[name]}`;
  const names = Object.keys(before);
  const trains = (name: string) => /\.tuned\.|^final_mlp|^policy\.(?!embeddings)/.test(name);
  t.deepEqual(
    names.filter((name) => !trains(name) && moved(name)),
    [],
  );
  const still = names.filter((name) => trains(name) && !moved(name));
  // A key's bias adds the same to all scores of a query: its gradient is zero but for rounding.
  t.deepEqual(
    still.filter((name) => !name.endsWith("key.bias")),
    [],
  );
});

test("a policy's step tells usage, temperature and its own learning rate", (t) => {
  const [{ policy, decisions }] = steps(trainer({ strategy: "SpotTune_Block" }), 1);
  t.is(policy?.lr, 0, "in the warm-up");
  t.is(decisions?.temperature, 5);
  t.true(Math.abs(decisions!.usage.frozen + decisions!.usage.tuned - 1) < 1e-6);
  t.is(steps(trainer(), 1)[0].policy, undefined);
});

test("learning rates rise in the warm-up, then fall", (t) => {
  const rates = steps(trainer(), 40).map(({ lr }) => lr);
  t.is(rates[0], 0);
  t.is(Math.max(...rates), rates[4]);
  t.true(Math.abs(rates[4] - 3e-3) < 1e-9 && rates[39] < 1e-4);
});

test("a loss that is no number stops the training, the weights as they were", (t) => {
  const training = trainer();
  const broken = training.model.parameters().find(({ requiresGrad }) => requiresGrad)!;
  torch.noGrad(() => broken.fill_(Number.NaN));
  const before = weightsOf(training.model);
  t.throws(() => training.next(), { name: "Failure", message: /the loss is NaN/ });
  t.deepEqual(weightsOf(training.model), before);
});

test("steps leave no tensors behind", (t) => {
  const training = trainer({ strategy: "SpotTune_Block" });
  steps(training, 2);
  const before = torch.memory().tensors;
  steps(training, 5);
  t.true(torch.memory().tensors <= before + 5 * 4, `${before} -> ${torch.memory().tensors}`);
});

for (const strategy of STRATEGIES) {
  test(`${strategy}: beside what its forwards read, a step reads once`, (t) => {
    const budget = { alternative: "tuned", target: 1 };
    const policy = { hiddenSize: 8, heads: 1, warmup: 2 };
    const decides = strategy === "SpotTune_Block";
    const training = trainer({
      strategy,
      train: { microBatches: 2 },
      ...(decides && { more: { strategy: { name: strategy, budget, policy } } }),
    });
    steps(training, 2);
    const { model } = training;
    const forward = model.forward.bind(model);
    let inForwards = 0;
    model.forward = ((...args: Parameters<typeof forward>) => {
      let outputs!: ReturnType<typeof forward>;
      inForwards += countReads(() => {
        outputs = forward(...args);
      });
      return outputs;
    }) as typeof forward;
    const all = countReads(() => training.next());
    // Of tensors that are on the CPU anyhow: the scale of each clipping.
    const onHost = decides ? 2 : 1;
    t.is(all - inForwards, 1 + onHost);
  });
}

test("a window of several batches is the recipe's, and goes on exactly", (t) => {
  const variation = { train: { lengthWindow: 3 } };
  const whole = trainer(variation);
  steps(whole, 3);
  const state = whole.state();
  t.is(state.loader.window, 3);
  t.throws(() => trainer().restore(state), { message: /window was 3, is 1/ });
});
