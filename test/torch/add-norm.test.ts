import test from "ava";
import type { DType, Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { keeps } from "./philox";
import { numericalGradient, same } from "./support";

const { dropout_add_layer_norm, bias_gelu } = torch.ops.adaptune;
const SEED = 77;
const EPS = 1e-5;

interface Case {
  readonly name: string;
  readonly shape: readonly number[];
  readonly p: number;
  readonly alternatives: number;
  /** Whether the norms have weights, and biases. */
  readonly affine?: readonly [weights: boolean, biases: boolean];
  readonly choice?: readonly number[];
  readonly lengths?: readonly number[];
}

const cases: Case[] = [
  ...[1, 7, 16, 768, 769].flatMap((width) =>
    [0, 0.3].map((p) => ({
      name: `width ${width}, p ${p}`,
      shape: [2, 3, width],
      p,
      alternatives: 1,
    })),
  ),
  { name: "many rows", shape: [150, 9], p: 0.1, alternatives: 1 },
  { name: "no rows", shape: [0, 5], p: 0.1, alternatives: 1 },
  { name: "one vector", shape: [5], p: 0.1, alternatives: 1 },
  {
    name: "neither weight nor bias",
    shape: [3, 5],
    p: 0.1,
    alternatives: 1,
    affine: [false, false],
  },
  { name: "a weight alone", shape: [3, 5], p: 0.1, alternatives: 1, affine: [true, false] },
  { name: "two alternatives", shape: [4, 3, 33], p: 0.2, alternatives: 2, choice: [0, 1, 1, 0] },
  {
    name: "three, of which one is not picked",
    shape: [3, 8],
    p: 0,
    alternatives: 3,
    choice: [2, 0, 2],
  },
  {
    name: "packed rows",
    shape: [140, 17],
    p: 0.2,
    alternatives: 2,
    choice: [1, 0, 1],
    lengths: [60, 70, 10],
  },
];

/** The definition by plain operators; rows drop by their place. */
function plain(
  { shape, p, choice = [], lengths = [] }: Case,
  x: Tensor,
  residual: Tensor,
  weights: readonly Tensor[],
  biases: readonly Tensor[],
): Tensor {
  const columns = shape[shape.length - 1];
  const inside = shape.slice(1, -1).reduce((product, size) => product * size, 1);
  const kept = new Float64Array(x.numel());
  for (let n = 0; n < kept.length; n++) {
    const row = Math.floor(n / columns);
    const who = { sample: Math.floor(row / inside), position: row % inside };
    kept[n] = keeps(p, SEED, who, n % columns) ? 1 / (1 - p) : 0;
  }
  const sum = residual.add(x.mul(torch.tensor(kept, { shape: x.shape })));
  const centred = sum.sub(sum.mean([-1], true));
  const normed = centred.div(centred.pow(2).mean([-1], true).add(EPS).sqrt());
  const rows = x.numel() / columns;
  const picks =
    choice.length === 0
      ? Array<number>(rows).fill(0)
      : choice.flatMap((k, b) => Array<number>(lengths[b] ?? rows / choice.length).fill(k));
  const index = torch.tensor(picks, { dtype: "int64" });
  const own = (all: readonly Tensor[]) =>
    torch
      .stack([...all])
      .indexSelect(0, index)
      .view(x.shape);
  const scaled = weights.length > 0 ? normed.mul(own(weights)) : normed;
  return biases.length > 0 ? scaled.add(own(biases)) : scaled;
}

function given(one: Case) {
  torch.manualSeed(one.shape.length);
  const { shape, alternatives, affine = [true, true] } = one;
  const draw = (size: readonly number[]) =>
    torch.randn([...size], { dtype: "float64" }).requiresGrad_();
  const parameters = (there: boolean) =>
    Array.from({ length: there ? alternatives : 0 }, () => draw(shape.slice(-1)));
  return {
    x: draw(shape),
    residual: draw(shape),
    weights: parameters(affine[0]),
    biases: parameters(affine[1]),
    slope: torch.randn([...shape], { dtype: "float64" }),
  };
}

function fused(one: Case, dtype: DType, parts: ReturnType<typeof given>): Tensor {
  const { x, residual, weights, biases } = parts;
  const cast = (tensor: Tensor) => tensor.to(dtype);
  const { p, choice = [], lengths = [] } = one;
  return dropout_add_layer_norm(cast(x), cast(residual), weights.map(cast), biases.map(cast), {
    p,
    eps: EPS,
    seed: SEED,
    choice: [...choice],
    lengths: [...lengths],
  }) as Tensor;
}

for (const one of cases) {
  for (const [dtype, tolerance] of [
    ["float64", 1e-11],
    ["float32", 2e-5],
    ["bfloat16", 4e-2],
    ["float16", 1e-2],
  ] as const) {
    test(`dropout, sum and norm are the definition's in ${dtype}: ${one.name}`, (t) => {
      const parts = given(one);
      // Narrow types start from what they can hold.
      const round = (tensor: Tensor) =>
        tensor.detach().to(dtype).to("float64").clone().requiresGrad_();
      const rounded = {
        x: round(parts.x),
        residual: round(parts.residual),
        weights: parts.weights.map(round),
        biases: parts.biases.map(round),
        slope: parts.slope.to(dtype).to("float64"),
      };
      const { x, residual, weights, biases, slope } = rounded;
      const leaves = [x, residual, ...weights, ...biases];
      const out = fused(one, dtype, rounded);
      t.is(out.dtype, dtype);
      const expected = plain(one, x, residual, weights, biases);
      same(t, out.to("float64"), expected, "out", tolerance);
      if (one.shape[one.shape.length - 1] === 1 && dtype !== "float64") return; // all noise
      const found = torch.grad([out.to("float64").mul(slope).sum()], leaves, { allowUnused: true });
      const wanted = torch.grad([expected.mul(slope).sum()], leaves, { allowUnused: true });
      for (const [n, leaf] of leaves.entries()) {
        const zeros = torch.zerosLike(leaf);
        same(t, found[n] ?? zeros, wanted[n] ?? zeros, `gradient ${n}`, tolerance);
      }
      same(
        t,
        torch.noGrad(() => fused(one, dtype, rounded)),
        out,
        "without a graph",
        0,
      );
    });
  }
}

test("the gradients of dropout, sum and norm are finite differences'", (t) => {
  const one = { name: "", shape: [3, 5], p: 0.3, alternatives: 2, choice: [1, 0, 1] };
  const parts = given(one);
  const { x, residual, weights, biases, slope } = parts;
  const loss = (changed: Partial<typeof parts>) =>
    fused(one, "float64", { ...parts, ...changed })
      .mul(slope)
      .sum();
  const leaves = [x, residual, weights[0], biases[1]];
  const found = torch.grad([loss({})], leaves);
  const slopes = [
    numericalGradient((z) => loss({ x: z }), x),
    numericalGradient((z) => loss({ residual: z }), residual),
    numericalGradient((z) => loss({ weights: [z, weights[1]] }), weights[0]),
    numericalGradient((z) => loss({ biases: [biases[0], z] }), biases[1]),
  ];
  for (const n of leaves.keys()) same(t, found[n], slopes[n], `${n}`, 1e-7);
});

test("only what needs a gradient gets one, whatever that is", (t) => {
  const one = { name: "", shape: [4, 6], p: 0.3, alternatives: 2, choice: [1, 0, 1, 1] };
  const all = given(one);
  const leaves = [all.x, all.residual, ...all.weights, ...all.biases];
  const everything = torch.grad([fused(one, "float64", all).mul(all.slope).sum()], leaves);
  for (const [n, leaf] of leaves.entries()) {
    for (const other of leaves) other.requiresGrad_(other === leaf);
    const [alone] = torch.grad([fused(one, "float64", all).mul(all.slope).sum()], [leaf]);
    same(t, alone, everything[n], `${n}`, 0);
  }
});

test("frozen parameters in float32 go with bfloat16 rows", (t) => {
  const x = torch.randn([3, 8]).to("bfloat16");
  const [weight, bias] = [torch.randn([8]).requiresGrad_(), torch.randn([8])];
  const out = dropout_add_layer_norm(x, x, [weight], [bias], {}) as Tensor;
  t.is(out.dtype, "bfloat16");
  const expected = torch.layerNorm(x.float().mul(2), [8], weight, bias);
  same(t, out.float(), expected, "out", 2e-2);
  out.sum().backward();
  t.is(weight.grad!.dtype, "float32");
});

test("dropout, sum and norm: wrong arguments say what is wrong", (t) => {
  const x = torch.randn([4, 3]);
  const w = torch.ones([3]);
  const call = (
    change: { x?: Tensor; residual?: Tensor; weights?: Tensor[]; biases?: Tensor[] } & Record<
      string,
      unknown
    >,
  ) => {
    const { x: a = x, residual = x, weights = [w], biases = [w], ...options } = change;
    return () => dropout_add_layer_norm(a, residual, weights, biases, options as never);
  };
  t.throws(call({ residual: x.t() }), { message: /'residual'.*as x/ });
  t.throws(call({ residual: x.double() }), { message: /'residual'/ });
  t.throws(call({ x: x.long() }), { message: /'x'.*floating-point/ });
  t.throws(call({ weights: [torch.ones([4])] }), { message: /'weights\[0\]'.*\[3\]/ });
  t.throws(call({ biases: [w, w] }), { message: /'biases'.*1 tensors/ });
  t.throws(call({ eps: -1 }), { message: /'eps'/ });
  t.throws(call({ p: 2 }), { message: /'p'/ });
  const two = { weights: [w, w], biases: [w, w] };
  t.throws(call(two), { message: /'choice'.*4 rows.*0 samples/ });
  t.throws(call({ ...two, choice: [0, 1, 0] }), { message: /'choice'.*4 rows.*3 samples/ });
  t.throws(call({ ...two, choice: [0, 2] }), { message: /'choice'.*from 0 to 1, given 2/ });
  t.throws(call({ ...two, choice: [0, 1], lengths: [1, 2] }), { message: /given lengths/ });
  t.throws(call({ ...two, choice: [0, 1], lengths: [4] }), { message: /'lengths'.*2 numbers/ });
  t.throws(call({ ...two, choice: [0, 1], lengths: [5, -1] }), { message: /'lengths'.*-1/ });
  const differentiable = call({ x: x.clone().requiresGrad_() })() as Tensor;
  t.throws(() => torch.grad([differentiable.sum()], [x], { createGraph: true }));
});

for (const [dtype, tolerance] of [
  ["float64", 1e-12],
  ["float32", 1e-6],
  ["bfloat16", 2e-2],
  ["float16", 3e-3],
] as const) {
  for (const shape of [[1], [3, 7], [2, 70, 65], [0, 4], [2, 0], []]) {
    test(`gelu of a sum is the definition's in ${dtype}: [${shape}]`, (t) => {
      torch.manualSeed(1);
      const draw = (size: number[]) => torch.randn(size, { dtype: "float64" }).mul(4).to(dtype);
      const x = draw(shape).to("float64").requiresGrad_();
      const bias = shape.length === 0 ? null : draw(shape.slice(-1)).to("float64").requiresGrad_();
      const leaves = bias ? [x, bias] : [x];
      const out = bias_gelu(x.to(dtype), bias?.to(dtype) ?? null) as Tensor;
      t.is(out.dtype, dtype);
      const z = bias ? x.add(bias) : x;
      const expected = z.mul(z.div(Math.SQRT2).erf().add(1)).mul(0.5);
      same(t, out.to("float64"), expected, "out", tolerance);
      const slope = draw(shape).to("float64");
      const found = torch.grad([out.to("float64").mul(slope).sum()], leaves);
      const wanted = torch.grad([expected.mul(slope).sum()], leaves);
      for (const n of leaves.keys()) same(t, found[n], wanted[n], `gradient ${n}`, 2 * tolerance);
    });
  }
}

test("gelu keeps its precision far from zero, and what is not a number", (t) => {
  const x = torch.tensor([-40, -13, -9, -5, -1e-20, 0, 1e-20, 5, 40, Infinity], {
    dtype: "float32",
  });
  const found = bias_gelu(x) as Tensor;
  const expected = torch.specialErfc(x.double().neg().mul(Math.SQRT1_2)).mul(0.5).mul(x.double());
  const off = found.double().sub(expected).abs().div(expected.abs().add(1e-300));
  const finite = off.slice(0, 1, 9);
  t.true(Number(finite.nanToNum().max().item()) < 1e-5, String(off));
  t.is(found.select(0, 9).item(), Infinity);
  t.true(Number.isNaN(bias_gelu(torch.tensor([Number.NaN])).item()));
});

test("gelu: gradients of gradients, and wrong arguments", (t) => {
  const x = torch.randn([3, 4], { dtype: "float64" }).requiresGrad_();
  const bias = torch.randn([4], { dtype: "float64" }).requiresGrad_();
  const f = (z: Tensor) => (bias_gelu(z, bias) as Tensor).sum();
  const [first] = torch.grad([f(x)], [x], { createGraph: true });
  same(t, first, numericalGradient(f, x), "first", 1e-8);
  const [second] = torch.grad([first.sum()], [x]);
  const slopes = numericalGradient((z) => torch.grad([f(z.requiresGrad_())], [z])[0].sum(), x);
  same(t, second, slopes, "second", 1e-7);
  t.throws(() => bias_gelu(x, torch.ones([3])), { message: /'bias'.*\[4\]/ });
  t.throws(() => bias_gelu(x.long()), { message: /floating-point/ });
});

test("alternatives of rows may lie on the device, where the nearest is taken for what is none", (t) => {
  const [x, residual] = [torch.randn([4, 6]), torch.randn([4, 6])];
  const run = (options: object) => {
    const leaves = Array.from({ length: 4 }, (_, n) =>
      torch.arange(6, { dtype: "float32" }).add(n).requiresGrad_(true),
    );
    const y = dropout_add_layer_norm(x, residual, leaves.slice(0, 2), leaves.slice(2), options);
    (y as Tensor).sin().sum().backward();
    return [y as Tensor, ...leaves.map(({ grad }) => grad!)];
  };
  const expected = run({ choice: [1, 0, 0, 1] });
  for (const rows of [
    [1, 0, 0, 1],
    [7, 0, -3, 1],
  ]) {
    for (const dtype of ["int32", "int64"] as const) {
      const actual = run({ rowChoice: torch.tensor(rows, { dtype }) });
      for (const [n, tensor] of expected.entries()) same(t, actual[n], tensor, `tensor ${n}`);
    }
  }
  const refused = (rowChoice: Tensor, choice: number[], message: RegExp) =>
    t.throws(() => run({ rowChoice, choice }), { instanceOf: torch.TorchError, message });
  refused(
    torch.zeros([3], { dtype: "int32" }),
    [],
    /'row_choice': expected integers of shape \[4\]/,
  );
  refused(torch.zeros([4]), [], /'row_choice': expected integers/);
  refused(torch.zeros([4], { dtype: "int32" }), [0, 0, 0, 0], /given already, by 'choice'/);
});
