import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import {
  AdaptedModel,
  adapt,
  alternative,
  combine,
  component,
  exportAdapted,
  GivenPolicy,
  gumbelRao,
  loadAdapted,
  lora,
  type Strategy,
  spotTuneBlock,
} from "../../src/adaptive";
import { Model } from "../../src/models";
import type { Module } from "../../src/nn";
import * as torch from "../../src/torch";
import { residualCase, vlBertCase } from "./cases";
import { move, sameOutputs } from "./support";

function adapted(strategy: Strategy, policy: Parameters<typeof adapt>[2] = {}): AdaptedModel {
  torch.manualSeed(2);
  const model = adapt(vlBertCase.make(), strategy, { policy: { hiddenSize: 16 }, ...policy });
  move(model);
  return model.eval() as AdaptedModel;
}

function folderOf(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), "adaptune-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("a merged model has weights of its own", (t) => {
  const model = adapted(spotTuneBlock());
  const inputs = vlBertCase.inputs(3);
  const merged = model.merge("tuned").eval();
  const before = merged.forward(inputs).logits.toArray();
  move(model);
  t.deepEqual(merged.forward(inputs).logits.toArray(), before);
  t.true(merged.parameters().every(({ requiresGrad }) => requiresGrad));
});

test("heads that are skipped or replaced alone merge", (t) => {
  const { skip, replace } = alternative;
  const model = adapted(combine("none is kept", component, [skip, replace]));
  const inputs = vlBertCase.inputs(3);
  for (const mask of [model.sites.map((_, n) => n % 2), "skip", "replace"]) {
    const decisions = model.sites.map((_, n) =>
      typeof mask === "string" ? Number(mask === "replace") : mask[n],
    );
    sameOutputs(
      t,
      model.merge(mask).eval().forward(inputs),
      model.forward(inputs, { decisions }),
      1e-6,
    );
  }
});

test("masks that do not fit are refused", (t) => {
  const model = adapted(spotTuneBlock());
  t.throws(() => model.merge("skip"), { message: /no alternative is called "skip"/ });
  t.throws(() => model.merge([0]), { message: /a number below 2 for each of 2 sites, given 1/ });
  t.throws(() => model.merge([0, 2]), { message: /below 2/ });
});

test("what decides nothing, and a mask, is exported as a plain model", (t) => {
  const inputs = vlBertCase.inputs(3);
  for (const [model, mask] of [
    [adapted(lora({ rank: 2 })), undefined],
    [adapted(spotTuneBlock()), [1, 0]],
  ] as const) {
    const folder = folderOf(t);
    exportAdapted(model, folder, { mask });
    t.false(existsSync(join(folder, "adaptive.json")));
    const plain = Model.fromPretrained(folder, { report: () => {} }).eval();
    const outputs = plain.forward(inputs) as Record<string, unknown>;
    sameOutputs(t, outputs, model.forward(inputs, { decisions: mask && [...mask] }), 1e-6);
    t.throws(() => loadAdapted(folder), { message: /adaptive.json: there is no such file/ });
  }
});

test("an adaptive model exports itself, and is not taken for a plain one", (t) => {
  const model = adapted(spotTuneBlock());
  const [whole, plain] = [folderOf(t), folderOf(t)];
  model.export(whole);
  const read = AdaptedModel.fromPretrained(whole);
  const inputs = vlBertCase.inputs(3);
  const [actual, expected] = [read.forward(inputs), model.forward(inputs)];
  sameOutputs(t, actual, expected, 0);
  t.deepEqual(actual.decisions!.toArray(), expected.decisions!.toArray());
  t.throws(() => Model.fromPretrained(whole), { message: /AdaptedModel.fromPretrained reads it/ });
  model.export(plain, { mask: "tuned" });
  const merged = Model.fromPretrained(plain, { report: () => {} }).eval();
  sameOutputs(
    t,
    merged.forward(inputs) as Record<string, unknown>,
    model.forward(inputs, { decisions: [1, 1] }),
    1e-6,
  );
});

test("a policy of the user's is to be given again", (t) => {
  const folder = folderOf(t);
  exportAdapted(adapted(spotTuneBlock(), { policy: new GivenPolicy([1, 0], 2) }), folder);
  t.throws(() => loadAdapted(folder), { message: /pass \{ policy \}/ });
  const read = loadAdapted(folder, { policy: new GivenPolicy([1, 0], 2) });
  t.deepEqual(read.forward(vlBertCase.inputs(1)).decisions!.to("int32").toArray(), [[1, 0]]);
});

test("what can not be written says so", (t) => {
  const gate = { temperature: () => 2, estimator: gumbelRao() };
  t.throws(() => exportAdapted(adapted(spotTuneBlock(), { gate }), folderOf(t)), {
    message: /temperature and estimator can not be written as a function: give it as data/,
  });
  const own = { name: "mine", keepsNames: false, build: (site: Module) => site.clone() };
  const model = adapted(combine("mine", "vlbert.encoder.layer.*", [alternative.frozen, own]));
  t.throws(() => exportAdapted(model, folderOf(t)), { message: /mine can not be written/ });
  const { make, patterns, policy } = residualCase;
  const strategy = { ...spotTuneBlock({ head: ["head"] }), where: patterns!("") };
  const users = adapt(make(), strategy, { policy: policy(strategy, 2) });
  t.throws(() => exportAdapted(users, folderOf(t)), { message: /is no Model/ });
});
