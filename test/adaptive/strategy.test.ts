import test from "ava";
import { adapt, frozen, spotTuneBlock, standard, strategyNamed } from "../../src/adaptive";
import * as torch from "../../src/torch";
import { vlBertCase as model } from "./cases";
import { cast, close, hashOf, lossOf } from "./support";

const names = (adapted: ReturnType<typeof adapt>) =>
  adapted
    .namedParameters()
    .filter(([, { requiresGrad }]) => requiresGrad)
    .map(([name]) => name);

test("SpotTune_Block has one site a block, with a frozen and a tuned twin", (t) => {
  const adapted = adapt(model.make(), "SpotTune_Block", { policy: { hiddenSize: 16 } });
  t.deepEqual(adapted.sites, [
    { name: "vlbert.encoder.layer.0", alternatives: ["frozen", "tuned"] },
    { name: "vlbert.encoder.layer.1", alternatives: ["frozen", "tuned"] },
  ]);
  const training = names(adapted).filter((name) => !name.startsWith("policy."));
  t.true(training.every((name) => /^final_mlp|^vlbert\.encoder\.layer\.\d\.tuned\./.test(name)));
  t.true(training.some((name) => name.includes("layer.1.tuned.")));
});

test("standard trains everything but what is excluded", (t) => {
  const all = adapt(model.make(), "standard");
  t.is(names(all).length, all.namedParameters().length);
  const excluded = adapt(model.make(), standard({ except: ["vlbert.word_embeddings"] }));
  const frozenNames = excluded.namedParameters().filter(([, p]) => !p.requiresGrad);
  t.deepEqual(
    frozenNames.map(([name]) => name),
    ["vlbert.word_embeddings.weight"],
  );
});

test("frozen trains nothing, head-only the head, and both more where asked", (t) => {
  t.deepEqual(names(adapt(model.make(), "frozen")), []);
  const head = names(adapt(model.make(), "head-only"));
  t.true(head.length > 0 && head.every((name) => name.startsWith("final_mlp")));
  const more = names(adapt(model.make(), frozen({ also: ["vlbert.encoder.layer.1.output"] })));
  t.true(more.includes("vlbert.encoder.layer.1.output.dense.weight"));
  t.false(more.some((name) => name.startsWith("vlbert.encoder.layer.0")));
});

test("static strategies decide nothing and are the model", (t) => {
  torch.manualSeed(4);
  const pretrained = model.make().to("float64").eval();
  const before = hashOf(Object.entries(pretrained.stateDict()));
  const inputs = cast(model.inputs(3), "float64");
  const expected = pretrained.forward(inputs);
  for (const strategy of ["standard", "frozen"] as const) {
    const adapted = adapt(pretrained, strategy).train();
    const outputs = adapted.forward(inputs);
    close(t, outputs.logits, expected.logits, 1e-12, "logits");
    t.is(outputs.gate, undefined);
    t.deepEqual(adapted.sites, []);
    t.is(adapted.policy, null);
    t.is(outputs.flops.length, 3);
    if (strategy === "standard") lossOf({ logits: outputs.logits }).backward();
  }
  t.is(hashOf(Object.entries(pretrained.stateDict())), before);
  t.true(pretrained.parameters().every(({ grad }) => grad === null));
});

test("unknown names and parts are refused with those known", (t) => {
  t.throws(() => strategyNamed("SpotTune_Blck"), {
    message:
      'unknown strategy "SpotTune_Blck"; known are SpotTune_Block, SpotTune, SpotTune_Res, BlockDrop, BlockReplace, standard, frozen, head-only, last-k, layers, LoRA, BitFit: did you mean SpotTune_Block?',
  });
  t.throws(() => strategyNamed("toString"), { message: /unknown strategy/ });
  const strategy = spotTuneBlock({ head: ["final"], also: ["vlbert.words"] });
  const { message } = t.throws(() => adapt(model.make(), strategy));
  t.regex(message, /"final" matches no part/);
  t.regex(message, /"vlbert.words" matches no part/);
});
