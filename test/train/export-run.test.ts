import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { loadAdapted } from "../../src/adaptive";
import { collate } from "../../src/data";
import { Model } from "../../src/models";
import * as torch from "../../src/torch";
import { describeEnvironment } from "../../src/train/environment";
import { exportRun } from "../../src/train/export-run";
import { RunFolder } from "../../src/train/run-folder";
import { train } from "../../src/train/train";
import { emptyFolder, numbers, task, tinyModel, tinyRecipe, type Variation } from "./support";

/** A finished run, its model in evaluation mode, and where to write. */
async function finished(t: ExecutionContext, variation: Variation) {
  const recipe = tinyRecipe({ train: { steps: 4, warmup: 1 }, ...variation });
  const at = emptyFolder(t);
  const folder = RunFolder.create(join(at, "run"), recipe, describeEnvironment());
  const model = tinyModel(recipe);
  await train({ recipe, task, model, folder });
  return { run: folder, model, out: (name: string) => join(at, name) };
}

const { inputs } = collate(task.validation.slice(0, 5), task.dataset.regions, {
  padId: task.dataset.vocabulary.padId,
});

function logitsOf(model: { forward(given: typeof inputs): object }): number[] {
  const { logits } = torch.noGrad(() => model.forward(inputs)) as { logits: torch.Tensor };
  return numbers(logits);
}

function near(t: ExecutionContext, actual: number[], expected: number[]): void {
  t.is(actual.length, expected.length);
  for (const [i, value] of actual.entries()) t.true(Math.abs(value - expected[i]) < 1e-5);
}

function read(folder: string) {
  return Model.fromPretrained(folder, { report: () => {} }).eval() as never;
}

const network = { hiddenSize: 8, heads: 1, intermediateSize: 16, warmup: 1 };
const VARIATIONS: Record<string, Variation> = {
  "a transformer": { more: { strategy: { name: "SpotTune_Block", policy: network } } },
  "a perceptron, biases for twins and Gumbel-Rao": {
    more: {
      strategy: {
        name: "SpotTune_Res",
        tuned: "biases",
        policy: { kind: "pooled", embeddings: "own", warmup: 1 },
        gate: {
          temperature: { schedule: "cosine", start: 4 },
          estimator: { kind: "gumbel-rao", samples: 3 },
        },
      },
    },
  },
  "an LXMERT and REINFORCE": {
    model: "lxmert",
    more: {
      strategy: {
        name: "BlockDrop",
        policy: { kind: "lxmert", ...network },
        gate: {
          estimator: { kind: "reinforce" },
          curriculum: { alternative: "keep", steps: 2 },
        },
      },
    },
  },
  "one mask": { more: { strategy: { name: "SpotTune", policy: { kind: "constant", warmup: 1 } } } },
};

for (const [name, variation] of Object.entries(VARIATIONS)) {
  test(`${name}: what a run exports is read back with its policy and its gate`, async (t) => {
    const { run, model, out } = await finished(t, variation);
    t.deepEqual(exportRun(run.path, out("adaptive")), { folder: out("adaptive"), plain: false });
    const loaded = loadAdapted(out("adaptive"));
    t.deepEqual(logitsOf(loaded as never), logitsOf(model as never));
    t.deepEqual(loaded.origin.gate, model.origin.gate);
    t.deepEqual(loaded.origin.policy, JSON.parse(JSON.stringify(model.origin.policy)));
    model.gate.step = loaded.gate.step = 2;
    t.is(loaded.gate.temperature, model.gate.temperature);
  });
}

test("under a mask a plain model is exported, by every way to say which", async (t) => {
  const { run, model, out } = await finished(t, VARIATIONS["a transformer"]);
  const expected = (decisions: readonly number[]) =>
    numbers(torch.noGrad(() => model.forward(inputs, { decisions })).logits);
  writeFileSync(out("mask.json"), "[1, 0]");
  for (const [merge, decisions] of [
    ["tuned", [1, 1]],
    [out("mask.json"), [1, 0]],
  ] as const) {
    const to = out(`merged-${decisions}`);
    t.true(exportRun(run.path, to, { merge }).plain);
    near(t, logitsOf(read(to)), expected(decisions));
  }
  const majority = Object.values(JSON.parse(readFileSync(run.file("mask.json"), "utf8")));
  const choices = majority.map((alternative) => Number(alternative === "tuned"));
  exportRun(run.path, out("majority"), { merge: "majority" });
  near(t, logitsOf(read(out("majority"))), expected(choices));
  exportRun(run.path, out("usage"), { merge: "usage", checkpoint: "last" });
  t.is(logitsOf(read(out("usage"))).length, expected(choices).length);
});

test("a static strategy's export is a plain model, updates added to its weights", async (t) => {
  const { run, model, out } = await finished(t, {
    more: { strategy: { name: "LoRA", rank: 2 } },
  });
  t.true(exportRun(run.path, out("plain")).plain);
  near(t, logitsOf(read(out("plain"))), logitsOf(model as never));
  t.throws(() => exportRun(run.path, out("b"), { merge: "tuned" }), { message: /needs no mask/ });
});

test("what can not be exported is said", async (t) => {
  const { run, out } = await finished(t, VARIATIONS["a transformer"]);
  t.throws(() => exportRun(run.path, run.path), { message: /something in the folder already/ });
  t.throws(() => exportRun(run.path, out("x"), { merge: "skip" }), {
    name: "Failure",
    message: /no alternative is called "skip"/,
  });
  t.throws(() => exportRun(out("nowhere"), out("x")), { message: /no run's folder/ });
});
