import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { AdaptedModel } from "../../src/adaptive";
import { Model } from "../../src/models";
import { newModel } from "../../src/train/base-model";
import { readMask } from "../../src/train/checkpoint";
import { describeEnvironment } from "../../src/train/environment";
import { linkedName } from "../../src/train/files";
import { adaptModel } from "../../src/train/model";
import type { Recipe } from "../../src/train/recipe";
import { RunFolder } from "../../src/train/run-folder";
import { openTask } from "../../src/train/task";
import { train } from "../../src/train/train";
import type { Progress } from "../../src/train/watch";
import {
  emptyFolder,
  leaves,
  readLines,
  recording,
  task,
  tinyModel,
  tinyRecipe,
  weightsOf,
} from "./support";

function start(t: ExecutionContext, recipe: Recipe) {
  const folder = RunFolder.create(join(emptyFolder(t), "run"), recipe, describeEnvironment());
  return { recipe, task, folder, model: tinyModel(recipe) };
}

interface Line {
  type: "step" | "validation";
  step: number;
  loss: number;
  accuracy: number;
}

test("a run writes every step, every evaluation, and the figures of its best", async (t) => {
  const progress: Progress[] = [];
  const recipe = tinyRecipe({ strategy: "SpotTune_Block" });
  const training = start(t, recipe);
  const result = await train(training, { progress: (at) => progress.push(at) });
  const { folder } = training;
  const lines = readLines<Line>(folder.file("metrics.jsonl"));
  const validations = lines.filter(({ type }) => type === "validation");
  t.deepEqual(
    lines.filter(({ type }) => type === "step").map(({ step }) => step),
    Array.from({ length: 40 }, (_, i) => i + 1),
  );
  t.deepEqual(
    validations.map(({ step }) => step),
    [10, 20, 30, 40],
  );

  const best = Math.max(...validations.map(({ accuracy }) => accuracy));
  t.is(result.validation.accuracy, best);
  t.is(result.bestStep, validations.find(({ accuracy }) => accuracy === best)!.step);
  t.is(linkedName(folder.checkpoint("best")), `step-0000${result.bestStep}`);
  t.is(linkedName(folder.checkpoint("last")), "step-000040");
  t.deepEqual(folder.result(), JSON.parse(JSON.stringify(result)));
  const decided = readLines<{ controls: object }>(folder.file("decisions.jsonl"));
  t.is(decided.length, 4);
  for (const { controls } of decided) {
    t.deepEqual(Object.keys(controls), ["learned", "majority", "shuffled", "random"]);
  }

  const steps = progress.filter(({ phase }) => phase === "training");
  t.deepEqual(steps.at(-1), { ...steps[0], done: 40, total: 40, detail: steps.at(-1)?.detail });
  t.regex(steps.at(-1)?.detail ?? "", /^loss \d\.\d\d, tuned \d+ %, validation \d+\.\d %$/);
});

test("a checkpoint is a model that scripts read, and is not taken for a plain one", async (t) => {
  const recipe = tinyRecipe({ strategy: "SpotTune_Block", train: { steps: 5 } });
  const training = start(t, recipe);
  await train(training);
  const best = training.folder.checkpoint("best");
  const read = AdaptedModel.fromPretrained(best);
  t.deepEqual(weightsOf(read as typeof training.model), weightsOf(training.model));
  t.deepEqual(read.sites, training.model.sites);
  t.throws(() => Model.fromPretrained(best), { message: /is an adaptive model/ });
});

test("the same seed twice writes the same metrics, to the byte", async (t) => {
  const recipe = tinyRecipe({ strategy: "SpotTune_Block", train: { steps: 12 } });
  const written = async () => {
    const training = start(t, recipe);
    await train(training);
    return ["metrics.jsonl", "decisions.jsonl"].map((file) =>
      readFileSync(training.folder.file(file), "utf8"),
    );
  };
  t.deepEqual(await written(), await written());
});

test("a static strategy writes no decisions", async (t) => {
  const training = start(t, tinyRecipe({ strategy: "frozen", train: { steps: 5 } }));
  const { parameters, source } = await train(training);
  t.false(existsSync(training.folder.file("decisions.jsonl")));
  t.true(parameters.trainable < parameters.total && parameters.policy === 0);
  t.is(source?.examples, 30);
});

test("measured under the mask of training's usage, all inputs are decided alike", async (t) => {
  const policy = { hiddenSize: 8, heads: 1, warmup: 1 };
  const recipe = tinyRecipe({
    train: { steps: 10 },
    more: {
      strategy: { name: "SpotTune_Block", policy },
      evaluation: { every: 5, batchSize: 8, decisions: "global" },
    },
  });
  const training = start(t, recipe);
  const { validation, bestStep } = await train(training);
  const { folder, model } = training;
  t.is(validation.decisions?.uniquePolicies, 1);
  const picked = validation.decisions!.sites.map(({ usage }) => usage.tuned);
  t.deepEqual(picked, readMask(folder.checkpoint("best"), model.space));
  const lines = readLines<Line>(folder.file("metrics.jsonl"));
  const best = lines.find(({ type, step }) => type === "validation" && step === bestStep);
  t.is(best?.accuracy, validation.accuracy);
});

test("every key of a recipe is read by something", async (t) => {
  const recipe = tinyRecipe({
    strategy: "SpotTune_Block",
    train: { steps: 2, warmup: 1 },
    more: {
      checkpoint: { every: 1 },
      strategy: {
        name: "SpotTune_Block",
        gate: { temperature: { start: 5, end: 1 } },
        policy: { hiddenSize: 8, heads: 1, warmup: 1 },
        budget: { target: 1 },
      },
      data: { imageSize: 8, grid: 2, concepts: 30, source: "twemoji" },
    },
  });
  const read = new Set<string>();
  const watched = recording(recipe, "", read);
  const opened = await openTask(watched, { cache: emptyFolder(t) });
  const model = adaptModel(newModel(watched, opened.dataset), watched);
  await train({ ...start(t, recipe), recipe: watched, task: opened, model });
  // These are about the process, the device and the choice of model, before anything is trained.
  const elsewhere = ["threads", "device", "features", "model.from"];
  t.deepEqual(
    leaves(recipe, "").filter((path) => !read.has(path) && !elsewhere.includes(path)),
    [],
  );
});
