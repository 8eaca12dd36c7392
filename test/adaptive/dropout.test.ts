import test, { type ExecutionContext } from "ava";
import type { Inputs } from "../../src/adaptive";
import { withoutPacking } from "../../src/nn";
import * as torch from "../../src/torch";
import { bert, lxmert, type ModelCase, type StrategyCase, strategies, vit, vlBert } from "./cases";
import { zeroAtPadding } from "./contract-support";
import { Masked } from "./masked";
import { BATCH, close, distance, lossOf, rowsOf, sameOutputs, setting } from "./support";

const drops = { hidden_dropout_prob: 0.1, attention_probs_dropout_prob: 0.1 };
const policy = () => ({ layers: 1, hiddenSize: 16, heads: 2, dropout: 0.1 });
const models: readonly ModelCase[] = [
  vlBert({ num_hidden_layers: 2, num_attention_heads: 2, ...drops }),
  lxmert(drops),
  bert(drops),
  vit(drops),
].map((model) => ({ ...model, policy }));

/** Outputs, and by name the gradients of a sum of them, of a forward that draws from a seed. */
function run(forward: () => Record<string, unknown>, inputs: Inputs, seed: number) {
  torch.manualSeed(seed);
  const outputs = zeroAtPadding(forward() as Record<string, torch.Tensor>, inputs);
  lossOf(outputs).backward();
  return outputs;
}

function routedIsMasked(t: ExecutionContext, model: ModelCase, strategy: StrategyCase) {
  const { pretrained, adapted, inputs, noise } = setting(model, strategy, {
    gate: { temperature: 2 },
  });
  const masked = new Masked(pretrained.clone(), strategy.strategy(model), adapted);
  const expected = run(() => masked.forward(inputs, noise, 2), inputs, 5);
  const gradients = new Map(masked.weights().map(([name, weight]) => [name, weight.grad]));
  const routed = () => adapted.train().forward(inputs, { exponential: noise });
  for (const [way, forward] of [
    ["packed", routed],
    ["unpacked", () => withoutPacking(routed)],
  ] as const) {
    adapted.zeroGrad();
    const outputs = run(forward, inputs, 5);
    sameOutputs(t, outputs, expected, 1e-9, way);
    for (const [name, parameter] of adapted.namedParameters()) {
      if (!parameter.requiresGrad) continue;
      close(t, parameter.grad, gradients.get(name)!, 1e-9, `${way}: gradient of ${name}`);
    }
  }
  const options = { gate: { temperature: 2 }, execution: "masked" } as const;
  const { adapted: plain } = setting(model, strategy, options);
  const outputs = run(() => plain.train().forward(inputs, { exponential: noise }), inputs, 5);
  sameOutputs(t, outputs, expected, 1e-9, "masked execution");
  for (const [name, { grad, requiresGrad }] of plain.namedParameters()) {
    if (requiresGrad) close(t, grad, gradients.get(name)!, 1e-9, `masked: gradient of ${name}`);
  }
  const other = run(routed, inputs, 6);
  t.true(distance(other.logits, expected.logits) > 1e-3, "another seed drops something else");
}

for (const model of models) {
  for (const strategy of strategies) {
    test(`${strategy.name} on ${model.name}: routed drops what masked does`, (t) =>
      routedIsMasked(t, model, strategy));
  }
}

test("a sample drops the same whatever else is in the batch before it", (t) => {
  const { adapted, inputs } = setting(models[0], strategies[0]);
  const decisions = (batch: number) => Array.from({ length: batch }, (_, b) => [b % 2, 1]);
  const forward = (batch: number) => {
    torch.manualSeed(3);
    const numbers = [...Array(batch).keys()];
    return adapted
      .train()
      .forward(rowsOf(inputs, numbers), { decisions: decisions(batch) })
      .logits.narrow(0, 0, 2);
  };
  t.true(distance(forward(2), forward(BATCH)) < 1e-12);
});

test("forwards differ, repeat by the seed, and draw once; evaluation draws nothing", (t) => {
  const { adapted, inputs } = setting(models[2], strategies[0]);
  const decisions = adapted.sites.map(() => 1);
  const logits = () => adapted.forward(inputs, { decisions }).logits;
  adapted.train();
  torch.manualSeed(1);
  const first = logits();
  const state = torch.getRngState();
  const second = logits();
  t.true(distance(first, second) > 1e-3);
  torch.setRngState(state);
  t.is(distance(logits(), second), 0);
  torch.manualSeed(1);
  torch.empty([2], { dtype: "int64" }).random_(2 ** 26);
  t.deepEqual(torch.getRngState().toTypedArray(), state.toTypedArray(), "one seed a forward");
  adapted.eval();
  logits();
  t.deepEqual(torch.getRngState().toTypedArray(), state.toTypedArray());
});
