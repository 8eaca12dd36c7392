import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { Model } from "../../src/models";
import { readTrainerState } from "../../src/train/checkpoint";
import { evaluateRun } from "../../src/train/evaluate-run";
import { exportRun } from "../../src/train/export-run";
import { pointLink } from "../../src/train/files";
import { readRecipe } from "../../src/train/recipe-file";
import { resumeRun } from "../../src/train/resume-run";
import { runRecipe } from "../../src/train/run-recipe";
import { emptyFolder } from "../train/support";
import { loadStandIn, STAND_IN } from "./stand-in";

loadStandIn();

const DATA = "concepts: 60, imageSize: 8, grid: 2";
const SOURCE = `
name: small
threads: 1
data: { domain: noto, ${DATA} }
model:
  config: { hidden_size: 16, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 32 }
train: { steps: 4, batchSize: 16, warmup: 1 }
`;
const ADAPTATION = `
name: adapted
threads: 1
data: { domain: openmoji, source: noto, ${DATA} }
model: { from: small.yaml }
strategy: { name: SpotTune, policy: { hiddenSize: 16, heads: 1, warmup: 1 } }
train: { steps: 6, batchSize: 16, warmup: 1 }
evaluation: { every: 2 }
checkpoint: { every: 2, keep: 9 }
`;

test("a run on a device is measured on it to the bit, goes on to the bit, and is read on the CPU", async (t) => {
  const folder = emptyFolder(t);
  const [cache, runs] = [join(folder, "cache"), join(folder, "runs")];
  writeFileSync(join(folder, "small.yaml"), SOURCE);
  writeFileSync(join(folder, "adapted.yaml"), ADAPTATION);
  const notes: string[] = [];
  const watch = { note: (text: string) => notes.push(text) };
  const recipe = readRecipe(join(folder, "adapted.yaml"));
  const { folder: run, result } = await runRecipe(recipe, { cache, runs, device: STAND_IN, watch });
  t.is(run.environment().device, STAND_IN);
  t.true(notes.includes("adapted computes on standin:0"));
  t.true(notes.includes("small: small computes on standin:0"), "what it starts from too");
  t.truthy(readTrainerState(run.checkpoint("last")).deviceRng);

  const again = await evaluateRun(run.path, { cache, device: STAND_IN });
  t.deepEqual(again.validation, result.validation);
  notes.length = 0;
  const elsewhere = await evaluateRun(run.path, { cache, watch });
  t.deepEqual(notes, [
    "the run computed on standin:0, which is not here: measured on the CPU instead",
  ]);
  t.true(Math.abs(elsewhere.validation.loss - result.validation.loss) < 1e-4);

  const cut = join(folder, "cut");
  cpSync(run.path, cut, { recursive: true, verbatimSymlinks: true });
  rmSync(join(cut, "result.json"));
  for (const late of readdirSync(join(cut, "checkpoints")).filter((name) => /00000[56]/.test(name)))
    rmSync(join(cut, "checkpoints", late), { recursive: true });
  pointLink(join(cut, "checkpoints", "last"), "step-000004");
  await resumeRun(cut, { cache, device: STAND_IN });
  const of = (path: string, file: string) => readFileSync(join(path, file));
  t.deepEqual(`${of(cut, "metrics.jsonl")}`, `${of(run.path, "metrics.jsonl")}`);
  for (const file of ["model", "state", "usage"]) {
    const name = join("checkpoints", "last", `${file}.safetensors`);
    t.true(of(cut, name).equals(of(run.path, name)), file);
  }

  const onHost = readRecipe(join(folder, "adapted.yaml"), ["features=host"]);
  const { result: same } = await runRecipe(onHost, { cache, runs, device: STAND_IN });
  const { seconds: _, ...figures } = result;
  t.like(same, figures, "images that wait on the device change nothing");

  exportRun(run.path, join(folder, "plain"), { merge: "majority" });
  t.is(Model.fromPretrained(join(folder, "plain")).parameters()[0].device, "cpu");
});
