import test from "ava";
import type { Execution } from "../../src/adaptive";
import { withStaticShapes } from "../../src/nn";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { countReads } from "../reads";
import { bert, lxmert, strategies, vit, vlBert } from "./cases";
import { zeroAtPadding } from "./contract-support";
import { BATCH, close, distance, lossOf, sameOutputs, setting } from "./support";

const drops = { hidden_dropout_prob: 0.1, attention_probs_dropout_prob: 0.1 };
const policy = () => ({ layers: 1, hiddenSize: 16, heads: 2, dropout: 0.1 });
const models = [
  vlBert({ num_hidden_layers: 2, num_attention_heads: 2, ...drops }),
  lxmert(drops),
  bert(drops),
  vit(drops),
].map((model) => ({ ...model, policy }));

for (const model of models) {
  for (const strategy of strategies) {
    test(`${strategy.name} on ${model.name}: static drops what masked does at its draws`, (t) => {
      const [masked, fixed] = (["masked", "static"] as const).map((execution: Execution) => {
        const { adapted, inputs, noise } = setting(model, strategy, { execution });
        torch.manualSeed(5);
        const outputs = withStaticShapes(() =>
          adapted.train().forward(inputs, { exponential: noise }),
        );
        lossOf(zeroAtPadding(outputs as Record<string, Tensor>, inputs)).backward();
        return { outputs: zeroAtPadding(outputs as Record<string, Tensor>, inputs), adapted };
      });
      sameOutputs(t, fixed.outputs, masked.outputs, 1e-9);
      const expected = new Map(masked.adapted.namedParameters());
      for (const [name, { grad }] of fixed.adapted.namedParameters()) {
        close(t, grad, expected.get(name)!.grad, 1e-9, `gradient of ${name}`);
      }
    });

    test(`${strategy.name} on ${model.name}: a static forward reads no number`, (t) => {
      const { adapted, inputs } = setting(model, strategy, { execution: "static" });
      t.is(
        countReads(() => lossOf(adapted.train().forward(inputs)).backward()),
        0,
      );
    });
  }
}

test("static forwards differ, repeat by the seed, and evaluation draws nothing", (t) => {
  const { adapted, inputs } = setting(models[2], strategies[0], { execution: "static" });
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
  const after = torch.getRngState().toTypedArray();
  adapted.eval();
  logits();
  t.deepEqual(torch.getRngState().toTypedArray(), after);
});

test("twins run once in evaluation, and lie in one memory", (t) => {
  const [strategy] = strategies;
  const evaluated = (execution: Execution) => {
    const { adapted, inputs } = setting(models[0], strategy, { execution });
    const { flops } = torch.noGrad(() => adapted.eval().forward(inputs));
    return { adapted, flops };
  };
  const [masked, fixed] = [evaluated("masked"), evaluated("static")];
  const site = masked.adapted.model.getModule(masked.adapted.sites[0].name);
  t.truthy(site);
  const [all, once] = [masked.flops[0], fixed.flops[0]];
  t.true(once < 0.65 * all && once > 0.5 * all, `${once} of ${all}`);
  t.deepEqual([...fixed.flops], Array(BATCH).fill(once));

  const state = new Map(fixed.adapted.namedParameters());
  const name = "vlbert.encoder.layer.0.intermediate.dense.weight";
  const tuned = [...state].find(
    ([own]) => own.includes("layer.0.tuned") && own.endsWith(name.slice(23)),
  );
  t.truthy(tuned, `${[...state.keys()]}`);
  t.true(ops(tuned![1], state.get(name)!), "the tuned one first");
});

function ops(...tensors: Tensor[]): boolean {
  return torch.ops.adaptune._are_adjacent(tensors) as unknown as boolean;
}
