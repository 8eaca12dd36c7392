import test from "ava";
import * as nn from "../../src/nn";
import * as torch from "../../src/torch";
import { cases as activations } from "./layers/activations";
import { cases as attention } from "./layers/attention";
import { check, recorded, values } from "./layers/case";
import { cases as convolution } from "./layers/convolution";
import { cases as embeddingsAndShapes } from "./layers/embeddings-and-shapes";
import { cases as losses } from "./layers/losses";
import { cases as norms } from "./layers/norms";
import { close } from "./support";

const cases = {
  ...convolution,
  ...norms,
  ...activations,
  ...losses,
  ...embeddingsAndShapes,
  ...attention,
};

for (const [name, given] of Object.entries(cases)) {
  test(`${name} is PyTorch's: initial weights, output, gradients, buffers`, (t) => {
    check(t, name, given);
  });
}

test("no case of the reference is left out", (t) => {
  t.deepEqual([...recorded()].sort(), Object.keys(cases).sort());
});

test("draws of a seed are PyTorch's", (t) => {
  const draws = {
    xavier_normal: () => nn.init.xavierNormal_(torch.empty([4, 6]), 2),
    kaiming_normal: () => nn.init.kaimingNormal_(torch.empty([4, 6, 3]), 0.5, "fanOut"),
    orthogonal: () => nn.init.orthogonal_(torch.empty([3, 2, 4]), 2),
  };
  for (const [name, draw] of Object.entries(draws)) {
    torch.manualSeed(11);
    close(t, draw(), values[`draw.${name}`], name, 1e-5);
  }
});

test("dropout of channels draws as PyTorch does, and only in training", (t) => {
  const shape = { Dropout1d: [2, 6, 3], Dropout3d: [2, 6, 1, 2, 2] } as Record<string, number[]>;
  for (const module of [
    new nn.Dropout1d(0.4),
    new nn.Dropout2d(0.4),
    new nn.Dropout3d(0.4),
    new nn.AlphaDropout(0.4),
    new nn.FeatureAlphaDropout(0.4),
  ]) {
    const { name } = module.constructor;
    const x = torch.ones(shape[name] ?? [2, 6, 2, 2]);
    torch.manualSeed(11);
    close(t, module.forward(x), values[`dropout.${name}`], name, 1e-6);
    t.true(torch.equal(module.eval().forward(x), x), name);
  }
  t.throws(() => new nn.Dropout2d(1.5), { instanceOf: RangeError });
});

test("in place, activations overwrite their input", (t) => {
  const inplace = { inplace: true };
  for (const [of, other] of [
    [new nn.ReLU(inplace), new nn.ReLU()],
    [new nn.ReLU6(inplace), new nn.ReLU6()],
    [new nn.LeakyReLU(0.1, inplace), new nn.LeakyReLU(0.1)],
    [new nn.ELU(1, inplace), new nn.ELU(1)],
    [new nn.CELU(2, inplace), new nn.CELU(2)],
    [new nn.SELU(inplace), new nn.SELU()],
    [new nn.SiLU(inplace), new nn.SiLU()],
    [new nn.Mish(inplace), new nn.Mish()],
    [new nn.Hardswish(inplace), new nn.Hardswish()],
    [new nn.Hardsigmoid(inplace), new nn.Hardsigmoid()],
    [new nn.Hardtanh(-1, 1, inplace), new nn.Hardtanh(-1, 1)],
    [new nn.Threshold(0, 7, inplace), new nn.Threshold(0, 7)],
  ]) {
    const x = torch.randn([8]).mul(4);
    const expected = other.forward(x);
    t.true(of.forward(x).isSame(x), of.constructor.name);
    t.true(torch.equal(x, expected as torch.Tensor), of.constructor.name);
  }
});

test("pools say where their maxima were", (t) => {
  const x = torch.tensor([[[1, 5, 2, 3]]]);
  for (const pool of [new nn.MaxPool1d(2), new nn.AdaptiveMaxPool1d(2)]) {
    const [maxima, places] = pool.forwardWithIndices(x);
    t.deepEqual(maxima.toArray(), [[[5, 3]]]);
    t.deepEqual(places.toArray(), [[[1, 3]]]);
  }
});

test("what does not fit is refused with what was given", (t) => {
  const throwing: [() => unknown, RegExp][] = [
    [() => new nn.Conv2d(3, 4, 3, { groups: 2 }), /2 groups do not divide 3 channels/],
    [() => new nn.Conv2d(3, 4, [3, 3, 3]), /kernelSize takes one whole number or 2/],
    [() => new nn.Conv1d(3, 4, 3, { padding: "same", stride: 2 }), /stride of 1/],
    [
      () => new nn.ConvTranspose1d(1, 1, 3, { stride: 2 }).forward(torch.ones([1, 1, 3]), [10]),
      /may be 7 to 8/,
    ],
    [() => new nn.BatchNorm2d(3).forward(torch.ones([2, 3])), /BatchNorm2d takes inputs of 4/],
    [() => new nn.InstanceNorm1d(3).forward(torch.ones([3])), /2 or 3 dimensions, given \[3\]/],
    [() => new nn.GroupNorm(2, 3), /2 groups do not divide 3/],
    [() => new nn.AdaptiveAvgPool2d([1]), /takes 2 sizes/],
    [() => new nn.MultiheadAttention(6, 4), /4 attention heads do not divide/],
    [() => new nn.EmbeddingBag(3, 2).forward(torch.zeros([2], { dtype: "int64" })), /offsets/],
    [() => new nn.Upsample().forward(torch.ones([1, 1, 2])), /a size or a scaleFactor/],
    [
      () => new nn.Upsample({ size: 3, mode: "bilinear" }).forward(torch.ones([1, 1, 2])),
      /mode "bilinear" does not fit/,
    ],
    [() => new nn.Hardtanh(1, -1), /not below/],
    [() => new nn.ZeroPad2d([1, 2]), /one number or 4/],
    [() => nn.init.orthogonal_(torch.empty([3])), /two dimensions/],
  ];
  for (const [run, message] of throwing) t.throws(run, { message });
});

test("products of convolutions are counted", (t) => {
  const { countFlops } = nn.functional;
  const x = torch.randn([2, 4, 5]);
  const conv = new nn.Conv1d(4, 6, 3, { groups: 2 });
  t.is(countFlops(() => conv.forward(x)).flops, 2 * (2 * 6 * 3) * (2 * 3));
  const back = new nn.ConvTranspose1d(4, 6, 3, { groups: 2 });
  t.is(countFlops(() => back.forward(x)).flops, 2 * (2 * 4 * 5) * (3 * 3));
});

test("an embedding of given rows is frozen unless it is asked to learn", (t) => {
  const rows = torch.randn([4, 3], { dtype: "float64" });
  const frozen = nn.Embedding.fromPretrained(rows);
  t.true(torch.equal(frozen.weight, rows));
  t.false(frozen.weight.requiresGrad);
  t.true(nn.Embedding.fromPretrained(rows, { freeze: false }).weight.requiresGrad);
});

test("layers of a transformer encoder start alike and learn apart", (t) => {
  const layer = new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 3 });
  const { layers } = new nn.TransformerEncoder(layer, 2);
  t.true(torch.equal(layers[0].linear1.weight, layers[1].linear1.weight));
  torch.noGrad(() => layers[0].linear1.weight.fill_(0));
  t.false(torch.equal(layers[0].linear1.weight, layers[1].linear1.weight));
});

test("a transformer decoder runs its layers, then its norm, with the masks", (t) => {
  const layer = new nn.TransformerDecoderLayer(4, 2, { dimFeedforward: 3, dropout: 0 });
  const decoder = new nn.TransformerDecoder(layer, 2, new nn.LayerNorm(4));
  t.is(Object.keys(decoder.stateDict()).length, 2 * Object.keys(layer.stateDict()).length + 2);
  const [x, memory] = [torch.randn([3, 2, 4]), torch.randn([5, 2, 4])];
  const masks = { tgtMask: nn.squareSubsequentMask(3) };
  const twice = layer.forward(layer.forward(x, memory, masks), memory, masks);
  const expected = (decoder.norm as nn.LayerNorm).forward(twice);
  close(t, decoder.forward(x, memory, masks), expected, "out", 1e-6);
  const later = torch.cat([x.index(torch.slice(0, 2)), torch.randn([1, 2, 4])]);
  const [before, after] = [x, later].map((given) =>
    decoder.forward(given, memory, masks).index(torch.slice(0, 2)),
  );
  close(t, after, before, "what comes earlier", 1e-6);
});

test("norms may have a weight alone, or neither", (t) => {
  for (const make of [
    (bias: boolean) => new nn.BatchNorm2d(3, { bias, trackRunningStats: false }),
    (bias: boolean) => new nn.InstanceNorm1d(3, { bias, affine: true }),
    (bias: boolean) => new nn.GroupNorm(3, 3, { bias }),
  ]) {
    t.deepEqual(Object.keys(make(false).stateDict()), ["weight"]);
    t.deepEqual(Object.keys(make(true).stateDict()), ["weight", "bias"]);
  }
  t.deepEqual(new nn.GroupNorm(1, 3, { affine: false }).stateDict(), {});
});

test("statistics and weights go back to where they began", (t) => {
  const norm = new nn.BatchNorm1d(2);
  const before = Object.entries(norm.stateDict()).map(([name, tensor]) => [name, tensor.toArray()]);
  norm.forward(torch.randn([4, 2]));
  torch.noGrad(() => norm.weight?.fill_(3));
  t.is(norm.num_batches_tracked?.item(), 1);
  norm.resetParameters();
  t.deepEqual(
    Object.entries(norm.stateDict()).map(([name, tensor]) => [name, tensor.toArray()]),
    before,
  );
});

test("nothing attends to what comes later", (t) => {
  const rows = nn.squareSubsequentMask(3).toArray();
  t.deepEqual(rows, [
    [0, -Infinity, -Infinity],
    [0, 0, -Infinity],
    [0, 0, 0],
  ]);
});
