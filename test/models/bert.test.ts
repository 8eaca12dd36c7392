import test from "ava";
import { BertAttention, BertEncoder, BertFeedForward, BertLayer } from "../../src/models";
import { functional, Identity, withoutPacking } from "../../src/nn";
import * as torch from "../../src/torch";
import { below, distance, reference, weightedSum } from "../reference/load";
import { assertRounding, modelRounding } from "../rounding";

const values = reference("bert");
const weights = below(values, "weight");
const SIZE = {
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 24,
  hidden_dropout_prob: 0,
  attention_probs_dropout_prob: 0,
};

for (const [dtype, outputs, gradients] of modelRounding) {
  test(`blocks and their gradients are those of transformers, in ${dtype}`, (t) => {
    const encoder = new BertEncoder(SIZE).to(dtype);
    encoder.loadStateDict(weights);
    const hidden = values.hidden.to(dtype).clone().requiresGrad_();
    const mask = values.mask.to(dtype);
    let state = hidden;
    for (const [n, block] of [...encoder.layer].entries()) {
      state = block.forward(state, mask);
      const off = distance(state, values[`out.${n}`]);
      assertRounding(t, off, outputs, `block ${n}`);
    }
    const unpacked = withoutPacking(() => encoder.forward(hidden, mask));
    assertRounding(t, distance(unpacked, state), outputs, "without packing");
    weightedSum(state).backward();
    const expected = below(values, "grad");
    for (const [name, tensor] of [...encoder.namedParameters(), ["hidden", hidden] as const]) {
      const off = distance(tensor.grad!, expected[name]);
      assertRounding(t, off, gradients, `the gradient of ${name}`);
    }
  });
}

test("names in the state are those of BERT checkpoints", (t) => {
  const [first] = new BertEncoder(SIZE).layer;
  t.deepEqual(Object.keys(first.stateDict()), [
    "attention.self.query.weight",
    "attention.self.query.bias",
    "attention.self.key.weight",
    "attention.self.key.bias",
    "attention.self.value.weight",
    "attention.self.value.bias",
    "attention.output.dense.weight",
    "attention.output.dense.bias",
    "attention.output.LayerNorm.weight",
    "attention.output.LayerNorm.bias",
    "intermediate.dense.weight",
    "intermediate.dense.bias",
    "output.dense.weight",
    "output.dense.bias",
    "output.LayerNorm.weight",
    "output.LayerNorm.bias",
  ]);
});

test("both segments of a block can be addressed and replaced", (t) => {
  const encoder = new BertEncoder(SIZE).eval();
  t.true(encoder.getModule("layer.0.attention") instanceof BertAttention);
  t.true(encoder.getModule("layer.0.feedForward") instanceof BertFeedForward);
  const [block] = encoder.layer;
  const hidden = torch.randn([2, 3, 16]);
  const attended = block.attention.forward(hidden);
  encoder.setModule("layer.0.feedForward", new Identity());
  t.true(torch.equal(block.forward(hidden), attended));
  t.true(Object.keys(block.stateDict()).every((name) => name.startsWith("attention.")));
});

test("dropout acts in training alone", (t) => {
  torch.manualSeed(4);
  const block = new BertLayer({ ...SIZE, hidden_dropout_prob: 0.5 });
  const hidden = torch.randn([2, 3, 16]);
  t.false(torch.equal(block.forward(hidden), block.forward(hidden)));
  block.eval();
  t.true(torch.equal(block.forward(hidden), block.forward(hidden)));
});

test("a block's products are counted", (t) => {
  const hidden = torch.randn([2, 3, 16]);
  const { flops } = functional.countFlops(() => new BertLayer(SIZE).forward(hidden));
  const [batch, length, size, wide] = [2, 3, 16, 24];
  t.is(flops, 2 * batch * length * (4 * size * size + 2 * size * wide + 2 * length * size));
});
