import test from "ava";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { keeps, philox } from "./philox";
import { numbers, numericalGradient, same } from "./support";

const { dropout, dropout_attention } = torch.ops.adaptune;
const SEED = 2 ** 40 + 12345;

const numbered = (rows: [sample: number, position: number][]) =>
  torch.tensor(
    BigInt64Array.from(rows, ([sample, position]) => (BigInt(sample) << 32n) + BigInt(position)),
  );

test("the reference is Philox4x32-10: known answers of Random123", (t) => {
  const all = 0xffffffff;
  t.deepEqual(philox([0, 0, 0, 0], [0, 0]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
  t.deepEqual(
    philox([all, all, all, all], [all, all]),
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  );
  t.deepEqual(
    philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]),
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  );
});

for (const dtype of ["float32", "float64", "bfloat16", "float16"] as const) {
  for (const shape of [[1], [7], [3, 1], [2, 3, 7], [2, 2, 65], [0, 5], [2, 0]]) {
    test(`drops what the counters say: ${dtype} [${shape}]`, (t) => {
      const p = 0.3;
      const x = torch.ones(shape, { dtype });
      const y = numbers(dropout(x, p, SEED, {}) as Tensor);
      const columns = shape[shape.length - 1];
      const inside = shape.slice(1, -1).reduce((product, size) => product * size, 1);
      const kept = Number(
        torch
          .tensor([1], { dtype })
          .mul(1 / (1 - p))
          .double()
          .item(),
      );
      for (const [n, value] of y.entries()) {
        const row = Math.floor(n / columns);
        const who = { sample: Math.floor(row / inside), position: row % inside };
        const expected = keeps(p, SEED, who, n % columns) ? kept : 0;
        t.true(Math.abs(value - expected) < 1e-2, `${n}: ${value}, expected ${expected}`);
        t.is(value === 0, expected === 0);
      }
      t.is(y.length, x.numel());
    });
  }
}

test("rows drop by who they are, in any order and number", (t) => {
  const x = torch.randn([5, 4, 33]);
  const all = dropout(x, 0.5, SEED, {}) as Tensor;
  const rows: [number, number][] = [
    [4, 1],
    [0, 3],
    [2, 0],
  ];
  const places = torch.tensor(
    rows.map(([sample, position]) => sample * 4 + position),
    { dtype: "int64" },
  );
  const some = x.reshape([20, 33]).indexSelect(0, places);
  const dropped = dropout(some, 0.5, SEED, { rows: numbered(rows) }) as Tensor;
  t.true(torch.equal(dropped, all.reshape([20, 33]).indexSelect(0, places)));
});

test("a share p is dropped, alike in all columns and for neighbouring seeds", (t) => {
  const x = torch.ones([400, 100]);
  const keptOf = (seed: number) => (dropout(x, 0.1, seed, {}) as Tensor).ne(0).to("float64");
  for (const seed of [0, 1, 2 ** 52]) {
    const kept = keptOf(seed);
    t.true(Math.abs(Number(kept.mean().item()) - 0.9) < 4 * Math.sqrt(0.09 / 40_000));
    const byColumn = numbers(kept.mean([0]));
    for (const share of byColumn) t.true(Math.abs(share - 0.9) < 5 * Math.sqrt(0.09 / 400));
  }
  const both = Number(keptOf(1).mul(keptOf(2)).mean().item());
  t.true(Math.abs(both - 0.81) < 0.01, "independent");
});

test("the gradient, and its own, is dropout by the same counters", (t) => {
  torch.manualSeed(3);
  const x = torch.randn([3, 9], { dtype: "float64", requiresGrad: true });
  const weights = torch.randn([3, 9], { dtype: "float64" });
  const f = (z: Tensor) => (dropout(z, 0.4, SEED, {}) as Tensor).pow(2).mul(weights).sum();
  const [gradient] = torch.grad([f(x)], [x], { createGraph: true });
  same(t, gradient, numericalGradient(f, x), "gradient", 1e-6);
  const [second] = torch.grad([gradient.sum()], [x]);
  const slopes = numericalGradient((z) => torch.grad([f(z.requiresGrad_())], [z])[0].sum(), x);
  same(t, second, slopes, "second", 1e-6);
});

test("at 0 all stay, at 1 none; wrong arguments say what is wrong", (t) => {
  const x = torch.randn([2, 3]).requiresGrad_();
  t.true(torch.equal(dropout(x, 0, 1, {}) as Tensor, x));
  const none = dropout(x, 1, 1, {}) as Tensor;
  t.deepEqual(numbers(none.abs()), Array(6).fill(0));
  none.sum().backward();
  t.deepEqual(numbers(x.grad!), Array(6).fill(0));
  for (const p of [-0.1, 1.5, Number.NaN])
    t.throws(() => dropout(x, p, 1, {}), { message: /'p'.*probability/ });
  t.throws(() => dropout(torch.ones([2], { dtype: "int64" }), 0.5, 1, {}), {
    message: /floating-point/,
  });
  for (const rows of [numbered([[0, 0]]), torch.ones([2]), torch.ones([2, 1]).long()])
    t.throws(() => dropout(x, 0.5, 1, { rows }), { message: /'rows'.*one number for every row/ });
});

test("transposed and strided inputs are read right", (t) => {
  const x = torch.randn([9, 4]).t();
  t.true(
    torch.equal(dropout(x, 0.5, 9, {}) as Tensor, dropout(x.contiguous(), 0.5, 9, {}) as Tensor),
  );
});

/** softmax(q k^T / sqrt(d) + mask), dropped element by element, v. */
function plainAttention(
  [query, key, value]: Tensor[],
  mask: Tensor | null,
  p: number,
  who: (sample: number, query: number) => [sample: number, position: number],
  heads: readonly number[],
): Tensor {
  const [batch, count, queries, size] = query.shape;
  const keys = key.shape[2];
  const scores = query.matmul(key.transpose(-2, -1)).div(Math.sqrt(size));
  const weights = (mask ? scores.add(mask) : scores).softmax(-1);
  const kept = new Float64Array(batch * count * queries * keys);
  for (let n = 0; n < kept.length; n++) {
    const row = Math.floor(n / keys);
    const [b, h, i] = [
      Math.floor(row / queries / count),
      Math.floor(row / queries) % count,
      row % queries,
    ];
    const [sample, position] = who(b, i);
    kept[n] = keeps(p, SEED, { sample, position, stream: heads[h] }, n % keys) ? 1 / (1 - p) : 0;
  }
  const factors = torch.tensor(kept, { shape: [batch, count, queries, keys] });
  return weights.mul(factors.to(weights.dtype)).matmul(value);
}

for (const [name, keys, masked, numberedRows, heads] of [
  ["plain", 5, false, false, [0, 1]],
  ["with a mask", 17, true, false, [0, 1]],
  ["of some heads of some samples", 3, true, true, [5, 2]],
  ["of one key", 1, false, false, [0, 1]],
] as [string, number, boolean, boolean, number[]][]) {
  test(`attention drops by sample, head, query and key: ${name}`, (t) => {
    torch.manualSeed(5);
    const draw = (length: number) =>
      torch.randn([2, 2, length, 4], { dtype: "float64", requiresGrad: true });
    const inputs = [draw(3), draw(keys), draw(keys)];
    const mask = masked ? torch.randn([2, 1, 1, keys], { dtype: "float64" }) : null;
    mask?.requiresGrad_();
    const samples = numberedRows ? [7, 3] : [0, 1];
    const shift = numberedRows ? 4 : 0;
    const who = (b: number, i: number): [number, number] => [samples[b], i + shift];
    const rows = numbered([0, 1].flatMap((b) => [0, 1, 2].map((i) => who(b, i))));
    const run = (dtype: "float64" | "float32" | "bfloat16", all: Tensor[]) => {
      const cast = all.map((input) => input.to(dtype));
      return dropout_attention(cast[0], cast[1], cast[2], mask?.to(dtype) ?? null, 0.4, SEED, {
        rows: numberedRows ? rows : null,
        heads: numberedRows ? heads : [],
      }) as Tensor;
    };
    const out = run("float64", inputs);
    const expected = plainAttention(inputs, mask, 0.4, who, heads);
    same(t, out, expected, "out", 1e-12);
    const weights = torch.randn(out.shape, { dtype: "float64" });
    const leaves = mask ? [...inputs, mask] : inputs;
    const found = torch.grad([out.mul(weights).sum()], leaves);
    const wanted = torch.grad([expected.mul(weights).sum()], leaves);
    for (const n of leaves.keys()) same(t, found[n], wanted[n], `gradient ${n}`, 1e-12);
    for (const [dtype, tolerance] of [
      ["float32", 1e-5],
      ["bfloat16", 3e-2],
    ] as const) {
      const narrow = run(dtype, inputs);
      t.is(narrow.dtype, dtype);
      same(t, narrow.double(), expected, dtype, tolerance);
      const gradients = torch.grad([narrow.double().mul(weights).sum()], leaves);
      for (const n of leaves.keys()) same(t, gradients[n], wanted[n], `${dtype} ${n}`, tolerance);
    }
  });
}

test("attention: a query that may attend to nothing gets nothing; wrong arguments are refused", (t) => {
  const x = torch.randn([1, 1, 2, 4]);
  const mask = torch.tensor([
    [false, false],
    [true, false],
  ]);
  const out = dropout_attention(x, x, x, mask, 0.5, 1, {}) as Tensor;
  t.deepEqual(numbers(out.select(2, 0)), [0, 0, 0, 0]);
  t.true(numbers(out).every(Number.isFinite));
  t.throws(() => dropout_attention(x.select(0, 0), x, x, null, 0.5, 1, {}), { message: /'query'/ });
  t.throws(() => dropout_attention(x, x.double(), x, null, 0.5, 1, {}), { message: /'key'/ });
  t.throws(() => dropout_attention(x, x, x.narrow(2, 0, 1), null, 0.5, 1, {}), {
    message: /'value'/,
  });
  t.throws(() => dropout_attention(x, x, x, null, 0.5, 1, { heads: [0, 1] }), {
    message: /'heads'/,
  });
});
