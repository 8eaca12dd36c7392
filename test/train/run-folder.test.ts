import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { Model } from "../../src/models";
import { loadWeights, readTrainerState } from "../../src/train/checkpoint";
import { describeEnvironment } from "../../src/train/environment";
import { linkedName, makeWholeFolder, writeWhole } from "../../src/train/files";
import { newRunPath, RunFolder } from "../../src/train/run-folder";
import { Trainer } from "../../src/train/trainer";
import { emptyFolder, numbers, task, tinyModel, tinyRecipe, weightsOf } from "./support";

function run(t: ExecutionContext, strategy: "standard" | "SpotTune_Block" = "SpotTune_Block") {
  const recipe = tinyRecipe({ strategy });
  const folder = RunFolder.create(join(emptyFolder(t), "run"), recipe, describeEnvironment());
  const trainer = new Trainer(recipe, tinyModel(recipe), task);
  return { recipe, folder, trainer };
}

test("a run's folder holds the resolved recipe and the environment", (t) => {
  const { recipe, folder } = run(t);
  const opened = RunFolder.open(folder.path);
  t.deepEqual(opened.recipe(), recipe);
  t.is(opened.environment().node, process.version);
  t.regex(opened.environment().libtorch, /^\d+\.\d+/);
  opened.append("metrics.jsonl", { step: 1 });
  opened.append("metrics.jsonl", { step: 2 });
  t.is(readFileSync(opened.file("metrics.jsonl"), "utf8"), '{"step":1}\n{"step":2}\n');
});

/** What made the checkpoints of these tests does not matter to them. */
const by = { recipe: tinyRecipe(), data: "fixed" };

test("a folder in use, no folder, and a run without result are refused", (t) => {
  const { recipe, folder } = run(t);
  const create = () => RunFolder.create(folder.path, recipe, describeEnvironment());
  t.throws(create, { name: "Failure", message: /something in the run's folder/ });
  t.throws(() => RunFolder.open(join(folder.path, "no")), { message: /no run's folder/ });
  t.throws(() => folder.result(), { message: /did not come to its end/ });
});

test("a checkpoint brings back weights, optimizers, schedules, random state and position", (t) => {
  const { recipe, folder, trainer } = run(t);
  trainer.next();
  trainer.next();
  folder.writeCheckpoint(trainer.model, trainer.state(), { names: ["last"], keep: 0, by });
  const expected = weightsOf(trainer.model);
  const next = trainer.next();

  const model = tinyModel({ ...recipe, seed: 5 });
  const resumed = new Trainer(recipe, model, task);
  loadWeights(folder.checkpoint("last"), model);
  t.deepEqual(weightsOf(model), expected);
  const state = readTrainerState(folder.checkpoint("last"));
  t.is(state.step, 2);
  resumed.restore(state);
  t.deepEqual(resumed.next(), next);
  t.deepEqual(weightsOf(model), weightsOf(trainer.model));
});

test("a static strategy's checkpoint is a pretrained model", (t) => {
  const { folder, trainer } = run(t, "standard");
  trainer.next();
  folder.writeCheckpoint(trainer.model, trainer.state(), { names: ["best"], keep: 0, by });
  const model = (Model as unknown as { fromPretrained(path: string): Model }).fromPretrained(
    folder.checkpoint("best"),
  );
  const weights = weightsOf(trainer.model);
  for (const [name, weight] of Object.entries(model.stateDict())) {
    t.deepEqual(numbers(weight), weights[name]);
  }
});

test("names point at their checkpoints, and the others are kept as many as asked", (t) => {
  const { folder, trainer } = run(t, "standard");
  const kept = () => readdirSync(folder.file("checkpoints")).sort();
  for (let step = 1; step <= 5; step++) {
    trainer.next();
    const names = step === 2 ? (["best", "last"] as const) : (["last"] as const);
    folder.writeCheckpoint(trainer.model, trainer.state(), { names, keep: 1, by });
  }
  t.deepEqual(kept(), ["best", "last", "step-000002", "step-000004", "step-000005"]);
  t.is(linkedName(folder.checkpoint("best")), "step-000002");
  t.is(linkedName(folder.checkpoint("last")), "step-000005");
  trainer.next();
  folder.writeCheckpoint(trainer.model, trainer.state(), { names: ["best", "last"], keep: 0, by });
  t.deepEqual(kept(), ["best", "last", "step-000006"]);
});

test("what fails half-way leaves the old as it was and nothing beside it", (t) => {
  const parent = emptyFolder(t);
  const folder = join(parent, "checkpoint");
  makeWholeFolder(folder, (partial) => writeFileSync(join(partial, "a"), "old"));
  const fail = () =>
    makeWholeFolder(folder, (partial) => {
      writeFileSync(join(partial, "a"), "new");
      throw new Error("disk full");
    });
  t.throws(fail, { message: "disk full" });
  t.is(readFileSync(join(folder, "a"), "utf8"), "old");
  t.deepEqual(readdirSync(parent), ["checkpoint"]);
  t.throws(() => writeWhole(join(folder, "no", "b"), "text"));
  t.false(existsSync(join(folder, "no")));
});

test("runs of the same second get numbers", (t) => {
  const runs = emptyFolder(t);
  const now = new Date("2031-02-03T04:05:06Z");
  const paths = Array.from({ length: 3 }, () => {
    const path = newRunPath(runs, "demo", now);
    mkdirSync(path);
    return path.slice(runs.length + 1);
  });
  t.deepEqual(paths, ["demo-20310203-040506", "demo-20310203-040506-2", "demo-20310203-040506-3"]);
});
