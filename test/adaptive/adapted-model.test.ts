import test from "ava";
import { adapt, spotTuneBlock } from "../../src/adaptive";
import { functional } from "../../src/nn";
import { AdamW } from "../../src/optim";
import * as torch from "../../src/torch";
import { vlBertCase as model, strategies } from "./cases";
import { lossOf, setting } from "./support";

const [strategy] = strategies;

test("the state has the model's own names, tuned twins below them, and the policy", (t) => {
  const { pretrained, adapted } = setting(model, strategy);
  const names = Object.keys(adapted.stateDict());
  for (const name of Object.keys(pretrained.stateDict())) t.true(names.includes(name), name);
  const site = "vlbert.encoder.layer.1";
  const below = Object.keys(pretrained.getModule(site).stateDict());
  for (const name of below) t.true(names.includes(`${site}.tuned.${name}`), name);
  t.true(names.includes("policy.output.weight"));
});

test("given decisions are taken for every input or one by one", (t) => {
  const { adapted, inputs } = setting(model, strategy);
  const rows = [...Array(6).keys()].map((b) => [b % 2, 1]);
  const one = adapted.forward(inputs, { decisions: rows });
  t.deepEqual(one.decisions!.to("int32").toArray(), rows);
  t.is(one.probabilities, undefined);
  const all = adapted.forward(inputs, { decisions: torch.tensor([1, 0]) });
  t.deepEqual(
    all.decisions!.to("int32").toArray(),
    rows.map(() => [1, 0]),
  );
  t.throws(() => adapted.forward(inputs, { decisions: [0, 2] }));
  t.true(adapted.executed.every(({ withoutGradient }) => withoutGradient === 0));
});

test("a failed forward leaves the model usable", (t) => {
  const { adapted, inputs } = setting(model, strategy);
  t.throws(() => adapted.forward({ ...inputs, regionFeatures: torch.zeros([6, 4, 9]) }));
  t.notThrows(() => adapted.forward(inputs));
});

test("FLOPs by input add up to what was executed", (t) => {
  const { adapted, inputs } = setting(model, strategies[5]);
  const decisions = [...Array(6).keys()].map((b) => [b < 3 ? 2 : 0, 1]);
  const { result, flops } = functional.countFlops(() => adapted.forward(inputs, { decisions }));
  const sum = result.flops.reduce((total, spent) => total + spent, 0);
  t.true(Math.abs(sum - flops) < 1e-6 * flops);
  t.true(result.flops[0] < result.flops[5], "a skipped block costs nothing");
  t.is(result.flops[3], result.flops[5]);
});

test("frozen parts stay in evaluation mode while the rest trains", (t) => {
  const { adapted } = setting(model, strategy);
  adapted.train();
  const mode = (path: string) => adapted.getModule(path).training;
  t.false(mode("vlbert.word_embeddings"));
  t.false(mode("vlbert.encoder.layer.0.attention"));
  t.true(mode("vlbert.encoder.layer.0.tuned.attention"));
  t.true(mode("final_mlp"));
  t.true(mode("policy.layer.0"));
  adapted.eval();
  t.true(adapted.namedModules().every(([, module]) => !module.training));
});

test("dropout acts in tuned twins alone", (t) => {
  const dropping = model.make();
  for (const [path, module] of dropping.namedModules()) {
    if ("p" in module) module.p = path.includes("encoder.") ? 0.5 : 0;
  }
  const adapted = adapt(dropping, spotTuneBlock(), { policy: { hiddenSize: 16 } }).train();
  const inputs = model.inputs(4);
  const run = (k: number) => adapted.forward(inputs, { decisions: [k, k] }).logits.toTypedArray();
  t.deepEqual(run(0), run(0));
  t.notDeepEqual(run(1), run(1));
});

test("a training step in a scope leaves no tensor but gradients and moments", (t) => {
  const { adapted, inputs } = setting(model, strategy, { dtype: "float32" });
  adapted.train();
  const { model: weights, policy } = adapted.parameterGroups();
  const optimizer = new AdamW([{ params: weights }, { params: policy }], { lr: 0.01 });
  const step = () =>
    torch.scope(() => {
      lossOf(adapted.forward(inputs)).backward();
      optimizer.step();
      optimizer.zeroGrad();
    });
  step();
  const before = torch.memory().tensors;
  for (let count = 0; count < 5; count++) step();
  t.is(torch.memory().tensors, before);
});
