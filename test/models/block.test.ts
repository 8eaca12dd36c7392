import test from "ava";
import { Bert, BertConfig, BertEncoder, Lxmert } from "../../src/models";
import { type Module, withoutPacking } from "../../src/nn";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { distance, gradientsOf } from "../reference/load";
import { GRADIENT, roundingBetween } from "../rounding";
import { encoderReference } from "./encoder-support";
import { config, referenceInputs } from "./lxmert-support";

function near(found: Tensor, expected: Tensor): boolean {
  return distance(found, expected) <= roundingBetween(found, expected, GRADIENT);
}

/** Outputs without padding, and gradients of a loss that does not read any. */
function run(model: Module, forward: () => Record<string, Tensor>, masks: Record<string, Tensor>) {
  for (const parameter of model.parameters()) parameter.grad = null;
  const outputs = forward();
  const present = Object.entries(masks).map(
    ([name, mask]) => [name, outputs[name].mul(mask.double().unsqueeze(-1))] as const,
  );
  const weights = present.map(([, { shape }], n) => {
    torch.manualSeed(n);
    return torch.randn(shape, { dtype: "float64" });
  });
  const losses = present.map(([, output], n) => output.mul(weights[n]).sum());
  losses.reduce((a, b) => a.add(b)).backward();
  return { outputs: Object.fromEntries(present), gradients: gradientsOf(model), raw: outputs };
}

function comparePacked(
  t: { true(value: boolean, message?: string): void },
  model: Module,
  forward: () => Record<string, Tensor>,
  masks: Record<string, Tensor>,
) {
  const padded = run(model, () => withoutPacking(forward), masks);
  const packed = run(model, forward, masks);
  for (const [name, output] of Object.entries(packed.outputs)) {
    t.true(near(output, padded.outputs[name]), name);
    t.true(torch.equal(packed.raw[name], output), `${name} is zero at padding`);
  }
  for (const [name, gradient] of Object.entries(packed.gradients)) {
    const expected = padded.gradients[name];
    t.true((gradient === null) === (expected === null), name);
    if (gradient) t.true(near(gradient, expected!), `gradient of ${name}`);
  }
}

test("what padding is not computed for is what is there with it: BERT", (t) => {
  const { config: stored, inputs } = encoderReference("bert-model");
  torch.manualSeed(1);
  const model = new Bert(new BertConfig(Bert.readConfig(stored))).to("float64").eval();
  const given = inputs("float64") as never as { inputIds: Tensor; attentionMask: Tensor };
  comparePacked(t, model, () => ({ hidden: model.read(given).hidden }), {
    hidden: given.attentionMask,
  });
});

test("what padding is not computed for is what is there with it: LXMERT", (t) => {
  torch.manualSeed(4);
  const model = new Lxmert(config).to("float64").eval();
  const inputs = referenceInputs("float64");
  const masks = { language: inputs.attentionMask!, vision: inputs.regionMask! };
  comparePacked(t, model, () => model.read(inputs), masks);
});

test("reading one position is what is there after all blocks", (t) => {
  torch.manualSeed(2);
  const encoder = new BertEncoder({
    hidden_size: 8,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    intermediate_size: 12,
    hidden_dropout_prob: 0,
    attention_probs_dropout_prob: 0,
  }).to("float64");
  const hidden = torch.randn([3, 5, 8], { dtype: "float64" });
  const positions = [4, 0, 2];
  for (const rows of [
    [1, 1, 1, 1, 1],
    [1, 0, 1, 1, 1],
  ]) {
    const kept = torch.tensor([[1, 1, 1, 1, 1], rows, [1, 1, 1, 0, 0]], { dtype: "float64" });
    for (const present of [kept, torch.ones([3, 5], { dtype: "float64" })]) {
      const mask = present.log().view([3, 1, 1, 5]);
      const all = encoder.forward(hidden, mask);
      const expected = torch.stack(positions.map((place, b) => all.select(0, b).select(0, place)));
      t.true(near(encoder.read(hidden, mask, positions), expected));
    }
  }
});
