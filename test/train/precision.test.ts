import { join } from "node:path";
import test from "ava";
import { AdaptedModel } from "../../src/adaptive";
import * as torch from "../../src/torch";
import { readTrainerState, writeCheckpoint } from "../../src/train/checkpoint";
import { runDemo } from "../../src/train/demo";
import { describeEnvironment } from "../../src/train/environment";
import { evaluate } from "../../src/train/evaluate";
import { evaluateRun } from "../../src/train/evaluate-run";
import { adaptModel } from "../../src/train/model";
import { openTrained } from "../../src/train/trained";
import { Trainer } from "../../src/train/trainer";
import { emptyFolder, task, tinyModel, tinyRecipe, type Variation, weightsOf } from "./support";

const MODELS = ["vl-bert", "lxmert"] as const;
const STRATEGIES = ["standard", "SpotTune_Block", "SpotTune", "BlockReplace", "LoRA"] as const;

const policy = { hiddenSize: 8, heads: 1, intermediateSize: 16, warmup: 2 };

function recipeIn(precision: "float32" | "bfloat16", variation: Variation = {}) {
  const { strategy = "standard", model, dropout = 0 } = variation;
  const decides = strategy !== "standard" && strategy !== "LoRA";
  return tinyRecipe({
    model,
    dropout,
    train: { precision, warmup: 2 },
    more: { strategy: decides ? { name: strategy, policy } : { name: strategy } },
  });
}

function trainerIn(...args: Parameters<typeof recipeIn>) {
  const recipe = recipeIn(...args);
  return new Trainer(recipe, tinyModel(recipe), task);
}

function losses(trainer: Trainer, steps: number): number[] {
  return Array.from({ length: steps }, () => trainer.next().taskLoss);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

for (const model of MODELS) {
  for (const strategy of STRATEGIES) {
    test(`${model}, ${strategy}: the first losses in bfloat16 are float32's, rounded`, (t) => {
      const [half, single] = (["bfloat16", "float32"] as const).map((precision) =>
        losses(trainerIn(precision, { model, strategy }), 3),
      );
      for (const [step, loss] of single.entries()) {
        const off = Math.abs(half[step] - loss) / loss;
        t.true(off > 0 && off < 0.03, `step ${step}: ${half[step]} and ${loss}`);
      }
    });
  }
}

test("over 40 steps the loss falls as in float32, and what was learnt answers as well", async (t) => {
  const run = async (precision: "float32" | "bfloat16") => {
    const trainer = trainerIn(precision);
    const all = losses(trainer, 40);
    const { model } = trainer;
    const measured = await evaluate(model, task.dataset, task.validation, { batchSize: 8 });
    return { first: mean(all.slice(0, 5)), last: mean(all.slice(-5)), loss: measured.loss };
  };
  const [half, single] = [await run("bfloat16"), await run("float32")];
  t.true(single.last < 0.6 * single.first, `${single.first} -> ${single.last}`);
  for (const part of ["first", "last", "loss"] as const) {
    const off = Math.abs(half[part] - single[part]) / single[part];
    t.true(off < 0.05, `${part}: ${half[part]} and ${single[part]}`);
  }
});

test("the model is in bfloat16; policy, scores, moments and masters are in float32", (t) => {
  const training = trainerIn("bfloat16", { strategy: "SpotTune_Block" });
  const dtypes = (tensors: Iterable<torch.Tensor>) =>
    [...new Set([...tensors].map(({ dtype }) => dtype))].sort();
  training.next();
  const { model } = training;
  t.deepEqual(dtypes(model.model.parameters()), ["bfloat16"]);
  t.deepEqual(dtypes(model.policy!.parameters()), ["float32"]);
  const state = training.state();
  t.deepEqual(dtypes(Object.values(state.model.optimizer.tensors)), ["float32"]);
  const masters = ({ optimizer }: typeof state.model) =>
    Object.keys(optimizer.tensors).filter((name) => name.endsWith(".master")).length;
  t.is(masters(state.model), model.parameterGroups().model.length);
  t.is(masters(state.policy!), 0);
});

for (const strategy of ["standard", "SpotTune_Block"] as const) {
  test(`${strategy}: steps, a checkpoint and steps equal all steps to the bit`, (t) => {
    const variation = { strategy, dropout: 0.1 };
    const folder = join(emptyFolder(t), "checkpoint");
    const recipe = recipeIn("bfloat16", variation);
    const whole = trainerIn("bfloat16", variation);
    losses(whole, 4);
    writeCheckpoint(folder, whole.model, whole.state(), { recipe, data: "fixed" });
    const expected = Array.from({ length: 4 }, () => whole.next());

    const resumed = new Trainer(recipe, openTrained(folder, recipe), task);
    resumed.restore(readTrainerState(folder));
    t.deepEqual(
      Array.from({ length: 4 }, () => resumed.next()),
      expected,
    );
    t.deepEqual(weightsOf(resumed.model), weightsOf(whole.model));
    const [own, others] = [resumed, whole].map((one) => one.state().model.optimizer.tensors);
    for (const [name, tensor] of Object.entries(others))
      t.true(torch.equal(own[name], tensor), name);
  });
}

test("a checkpoint in bfloat16 is read by scripts, rounded as it is", (t) => {
  const folder = join(emptyFolder(t), "checkpoint");
  const training = trainerIn("bfloat16", { strategy: "SpotTune_Block" });
  losses(training, 2);
  const recipe = recipeIn("bfloat16", { strategy: "SpotTune_Block" });
  writeCheckpoint(folder, training.model, training.state(), { recipe, data: "fixed" });
  const read = AdaptedModel.fromPretrained(folder);
  t.is(read.parameters()[0].dtype, "float32");
  t.deepEqual(weightsOf(read as typeof training.model), weightsOf(training.model));
});

test("the model that is adapted stays as it is", (t) => {
  const recipe = recipeIn("bfloat16", { strategy: "SpotTune_Block" });
  const before = tinyModel(recipeIn("float32"));
  adaptModel(before.model, recipe);
  t.is(before.model.parameters()[0].dtype, "float32");
});

test("an environment knows what multiplies in the run's precision", (t) => {
  const { matrixProducts } = describeEnvironment("bfloat16");
  const dtypes = new Set(Object.keys(matrixProducts).map((product) => product.split(" ")[0]));
  t.true(dtypes.has("float32") && dtypes.has("bfloat16"), `${[...dtypes]}`);
});

test("the smallest demo in bfloat16 learns, and measures again what it wrote down", async (t) => {
  const folder = emptyFolder(t);
  const cache = join(folder, "cache");
  const { comparison, folder: runs } = await runDemo({
    tiny: true,
    cache,
    runs: folder,
    strategies: ["standard", "SpotTune_Block"],
    precision: "bfloat16",
  });
  for (const { name, precision, validation } of comparison.results) {
    t.is(precision, "bfloat16");
    t.true(validation.accuracy > 0 && validation.accuracy <= 1);
    const again = await evaluateRun(join(runs, name), { cache });
    t.deepEqual(again.validation, validation);
  }
});
