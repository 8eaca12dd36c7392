import { readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { evaluateRun } from "../../src/train/evaluate-run";
import { exportRun } from "../../src/train/export-run";
import { Failure } from "../../src/train/failure";
import { parseRecipe, readRecipe } from "../../src/train/recipe-file";
import { runRecipe } from "../../src/train/run-recipe";
import { emptyFolder } from "./support";

const SOURCE = `
name: small
threads: 1
data: { domain: noto, concepts: 60, imageSize: 8, grid: 2 }
model:
  config: { hidden_size: 16, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 32 }
train: { steps: 4, batchSize: 16, warmup: 1 }
`;

const ADAPTATION = `
name: adapted
threads: 1
data: { domain: openmoji, source: noto, concepts: 60, imageSize: 8, grid: 2 }
model: { from: small.yaml }
strategy: { name: SpotTune_Block, policy: { hiddenSize: 16, heads: 1, warmup: 1 } }
train: { steps: 6, batchSize: 16, warmup: 1 }
evaluation: { every: 2 }
`;

test("the source model is trained once, the result is measured again exactly", async (t) => {
  const folder = emptyFolder(t);
  const [cache, runs] = [join(folder, "cache"), join(folder, "runs")];
  writeFileSync(join(folder, "small.yaml"), SOURCE);
  writeFileSync(join(folder, "adapted.yaml"), ADAPTATION);
  const recipe = readRecipe(join(folder, "adapted.yaml"));
  const phases = new Set<string>();
  const notes: string[] = [];
  const watch = {
    progress: ({ phase }: { phase: string }) => phases.add(phase),
    note: (text: string) => notes.push(text),
  };
  const first = await runRecipe(recipe, { cache, runs, watch });
  t.true(phases.has("rendering drawings") && phases.has("small: training"));
  t.is(notes.filter((note) => /^small: step 4: validation \d+\.\d %$/.test(note)).length, 1);
  t.is(notes.filter((note) => /^step \d: validation .*; tuned at /.test(note)).length, 3);
  const read = notes.filter((note) => !/step \d: /.test(note));
  t.is(read.length, 3);
  t.regex(read[0], /^small: small computes on /);
  t.regex(read[2], /^adapted computes on /);
  t.regex(read[1], /small\.yaml: \d+ tensors loaded, 0 missing, 0 unexpected$/);
  t.is(readdirSync(join(cache, "models")).length, 1);

  phases.clear();
  const second = await runRecipe(recipe, { cache, runs, watch });
  t.false(phases.has("rendering drawings") || phases.has("small: training"));
  t.true(notes.some((note) => note.startsWith("small: trained before")));
  const metrics = [first, second].map((run) =>
    readFileSync(run.folder.file("metrics.jsonl"), "utf8"),
  );
  t.is(metrics[0], metrics[1]);

  const again = await evaluateRun(first.folder.path, { cache });
  t.is(again.validation.accuracy, first.result.validation.accuracy);
  t.is(again.recorded, again.validation.accuracy);
  t.deepEqual(again.validation, first.result.validation);
  const last = await evaluateRun(first.folder.path, { cache, checkpoint: "last" });
  t.is(last.recorded, null);
});

test("another source recipe, or other data, is another source model", async (t) => {
  const folder = emptyFolder(t);
  writeFileSync(join(folder, "small.yaml"), SOURCE);
  writeFileSync(join(folder, "adapted.yaml"), ADAPTATION);
  const options = { cache: join(folder, "cache"), runs: join(folder, "runs") };
  const recipe = readRecipe(join(folder, "adapted.yaml"), ["train.steps=1"]);
  for (const overrides of [
    [],
    ["seed=1"],
    ["data.seed=1"],
    ["name=other"],
    ["threads=2"],
    ["device=cpu"],
    ["features=device"],
  ]) {
    await runRecipe(recipe, { ...options, fromOverrides: overrides });
  }
  t.is(readdirSync(join(options.cache, "models")).length, 4);
});

test("a run of LoRA and an adaptive one under a mask are started from, an adaptive one is not", async (t) => {
  const folder = emptyFolder(t);
  const options = { cache: join(folder, "cache"), runs: join(folder, "runs") };
  const run = (more: string) => runRecipe(parseRecipe(`${SOURCE}\n${more}`), options);
  const next = (from: string) => {
    const text = SOURCE.replace(/model:\n.*\n/, `model: { from: ${from} }\n`);
    return runRecipe(parseRecipe(`${text}\nstrategy: { name: frozen }`), options);
  };
  const lora = await run("strategy: { name: LoRA, rank: 2 }");
  const after = await next(lora.folder.path);
  t.true(after.result.validation.accuracy >= 0);

  const adaptive = await run(
    "strategy: { name: BlockDrop, policy: { kind: constant, warmup: 1 } }",
  );
  await t.throwsAsync(next(adaptive.folder.path), { message: /an adaptive model is two in one/ });
  exportRun(adaptive.folder.path, join(folder, "adaptive"));
  await t.throwsAsync(next(join(folder, "adaptive")), { message: /two in one/ });
  exportRun(adaptive.folder.path, join(folder, "plain"), { merge: "skip" });
  const merged = await next(join(folder, "plain"));
  // What was left out stays so, and is left out when the run's own checkpoint is read.
  t.true(merged.result.validation.flops.mean < 0.7 * after.result.validation.flops.mean);
  const again = await evaluateRun(merged.folder.path, { cache: options.cache });
  t.is(again.recorded, again.validation.accuracy);
});

test("a pretrained model that is not there, or does not fit, is a failure with its place", async (t) => {
  const folder = emptyFolder(t);
  const options = { cache: join(folder, "cache"), runs: join(folder, "runs") };
  const run = (text: string) => runRecipe(parseRecipe(text), options);
  const data = "data: { concepts: 30, imageSize: 8, grid: 2 }";
  await t.throwsAsync(run(`{ ${data}, model: { from: /nowhere } }`.replace(/[{}] ?$/, "}")), {
    name: "Failure",
    message: /no such file or folder/,
  });
  const { folder: other } = await run(`${SOURCE.replace("imageSize: 8", "imageSize: 16")}`);
  await t.throwsAsync(run(`{ ${data}, model: { from: ${other.path} } }`), {
    name: "Failure",
    message: /does not fit the data: visual_size is 192, the data's is 48/,
  });
});

test("patterns that match nothing are a failure that lists what there is", async (t) => {
  const folder = emptyFolder(t);
  const recipe = parseRecipe(`${SOURCE}\nstrategy: { name: frozen, head: [fina_mlp] }`);
  await t.throwsAsync(runRecipe(recipe, { cache: folder, runs: folder }), {
    name: "Failure",
    message: /"fina_mlp" matches no part.*final_mlp/s,
  });
});

test("a recipe whose model comes from itself is refused, whatever lies between", async (t) => {
  const folder = emptyFolder(t);
  const at = (name: string) => join(folder, name);
  writeFileSync(at("a.yaml"), "model: { from: b.yaml }");
  writeFileSync(at("b.yaml"), "model: { from: c.yaml }");
  symlinkSync("b.yaml", at("c.yaml"));
  writeFileSync(at("own.yaml"), "model: { from: own.yaml }");
  for (const [name, circle] of [
    ["a.yaml", /b\.yaml -> .*b\.yaml$/],
    ["own.yaml", /own\.yaml -> .*own\.yaml$/],
  ] as const) {
    const { message, where } = (await t.throwsAsync(
      runRecipe(readRecipe(at(name)), { runs: at("runs") }),
      {
        instanceOf: Failure,
      },
    )) as Failure;
    t.regex(message, /comes from itself/);
    t.regex(where!, circle);
  }
});
