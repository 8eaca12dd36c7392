import test, { type ExecutionContext } from "ava";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import {
  compare_heads,
  linear,
  select_gelu,
  select_linear,
  split_samples,
} from "./fused-operators";
import { same } from "./support";

const float64 = { dtype: "float64" } as const;
const draw = (...shape: number[]) => torch.randn(shape, float64);
const leaf = (...shape: number[]) => draw(...shape).requiresGrad_();

function sameGradients(t: ExecutionContext, found: Tensor, expected: Tensor, leaves: Tensor[]) {
  const weights = torch.randnLike(found);
  const gradients = (y: Tensor) =>
    torch.grad([y.mul(weights).sum()], leaves, { retainGraph: true });
  const [ours, plain] = [gradients(found), gradients(expected)];
  for (const [n, gradient] of ours.entries()) same(t, gradient, plain[n], `gradient ${n}`, 1e-12);
}

for (const [shape, gelu, hasBias] of [
  [[5, 6], false, true],
  [[2, 3, 6], true, true],
  [[4, 6], true, false],
  [[6], false, true],
  [[0, 6], false, true],
] as [number[], boolean, boolean][]) {
  test(`linear [${shape}], gelu ${gelu}, bias ${hasBias}: values and gradients`, (t) => {
    const [x, weight] = [leaf(...shape), leaf(4, 6)];
    const bias = hasBias ? leaf(4) : null;
    const before = torch.linear(x, weight, bias);
    const expected = gelu ? torch.gelu(before) : before;
    const found = linear(x, weight, bias, { gelu });
    same(t, found, expected, "y", 1e-12);
    same(
      t,
      torch.noGrad(() => linear(x, weight, bias, { gelu })),
      expected,
      "no graph",
      1e-12,
    );
    sameGradients(t, found, expected, bias ? [x, weight, bias] : [x, weight]);
  });
}

test("linear: gradients of gradients", (t) => {
  const leaves = [leaf(3, 5), leaf(2, 5), leaf(2)] as const;
  t.true(torch.autograd.gradgradcheck((x, w, b) => linear(x, w, b, { gelu: true }), [...leaves]));
});

test("split: parts by choice, packed or not, and one gradient for all", (t) => {
  const x = leaf(6, 2, 3);
  const [first, second] = split_samples(x, [1, 0, -1, 0, 1, 1], 2);
  const rows = (...numbers: number[]) => torch.tensor(numbers, { dtype: "int64" });
  same(t, first, x.indexSelect(0, rows(1, 3)), "choice 0");
  same(t, second, x.indexSelect(0, rows(0, 4, 5)), "choice 1");
  const [found] = torch.grad([first.mul(2).sum().add(second.mul(3).sum())], [x]);
  t.deepEqual(found.select(1, 0).select(1, 0).toArray(), [3, 2, 0, 2, 3, 3]);

  const packed = leaf(6, 3);
  const [last] = split_samples(packed, [-1, 0, 0], 1, { lengths: [2, 3, 1] });
  same(t, last, packed.narrow(0, 2, 4), "packed rows");
  const [gradient] = torch.grad([last.sum()], [packed]);
  t.deepEqual(gradient.select(1, 0).toArray(), [0, 0, 1, 1, 1, 1]);

  t.throws(() => split_samples(x, [0, 0, 2, 0, 0, 0], 2), { message: /'choice'.*from -1 to 1/ });
  t.throws(() => split_samples(x, [0, 0], 2), { message: /expected 2 rows, given shape/ });
});

const lengths = [2, 3, 1];
const choice = [0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 1]; // 4 heads of 3 samples

/** y [R,m] by definition: head h of sample b by the layer number (choice + turn) mod K. */
function plainSelect(x: Tensor, weights: Tensor[], biases: Tensor[], turn: number): Tensor {
  const all = weights.map((weight, k) => torch.linear(x, weight, biases[k]).unflatten(1, [4, -1]));
  const starts = [0, 2, 5];
  const bySample = lengths.map((length, b) =>
    torch.stack(
      [0, 1, 2, 3].map((h) => {
        const k = (choice[h * 3 + b] + turn) % weights.length;
        return all[k].select(1, h).narrow(0, starts[b], length);
      }),
      1,
    ),
  );
  return torch.cat(bySample).flatten(1);
}

for (const compare of [false, true]) {
  test(`select: every head of every sample has its layer, compared ${compare}`, (t) => {
    const x = leaf(6, 5);
    const weights = Array.from({ length: 4 }, () => leaf(8, 5)); // two projections, two layers each
    const biases = Array.from({ length: 4 }, () => leaf(8));
    const found = select_linear(x, weights, biases, 2, choice, lengths, 4, { compare });
    t.is(found.length, compare ? 4 : 2);
    for (const p of [0, 1]) {
      const layer = [weights.slice(2 * p, 2 * p + 2), biases.slice(2 * p, 2 * p + 2)] as const;
      const expected = plainSelect(x, ...layer, 0);
      const picked = found[compare ? 2 * p : p];
      same(t, picked, expected, "picked", 1e-12);
      sameGradients(t, picked, expected, [x, ...layer[0], ...layer[1]]);
      if (!compare) continue;
      same(t, found[2 * p + 1], plainSelect(x, ...layer, 1), "the other", 1e-12);
      t.false(found[2 * p + 1].requiresGrad);
    }
  });
}

test("select: wrong calls say what is wrong", (t) => {
  const [x, weight, bias] = [draw(6, 5), draw(8, 5), draw(8)];
  const call = (...args: unknown[]) => select_linear(...(args as Parameters<typeof select_linear>));
  const [w, b] = [
    [weight, weight],
    [bias, bias],
  ];
  t.throws(() => call(x, w, b, 1, [0, 0], lengths, 4), { message: /'choice'.*4 heads times 3/ });
  t.throws(() => call(x, w, b, 1, choice, [2, 3], 4), { message: /4 heads times 2 samples/ });
  t.throws(() => call(x, w, b, 1, choice, [2, 3, 2], 4), { message: /sum of 6/ });
  t.throws(() => call(x, w, [bias], 1, choice, lengths, 4), { message: /'biases': expected 2/ });
  t.throws(() => call(draw(6, 4), w, b, 1, choice, lengths, 4), { message: /'weights\[0\]'/ });
});

test("compare: a decision's gradient is what the other alternative would have changed", (t) => {
  const [y, other, gate] = [leaf(6, 8), draw(6, 8), leaf(12, 2)];
  const dy = draw(6, 8);
  const out = compare_heads(y, [other], gate, choice, lengths, 4);
  same(t, out, y, "y", 0);
  const [dInput, dGate] = torch.grad([out], [y, gate], { gradOutputs: [dy] });
  same(t, dInput, dy, "dy", 0);
  const change = dy.mul(other.sub(y)).unflatten(1, [4, 2]).sum(2); // [R,H]
  const starts = [0, 2, 5];
  for (const [decision, picked] of choice.entries()) {
    const [head, sample] = [Math.floor(decision / 3), decision % 3];
    const expected = change.select(1, head).narrow(0, starts[sample], lengths[sample]).sum();
    const slope = Number(dGate.index(decision, 1 - picked).item());
    t.true(Math.abs(slope - Number(expected.item())) < 1e-12);
    t.is(dGate.index(decision, picked).item(), 0);
  }
});

/** Rows of three samples, three layers of which each picks one, and its decisions. */
function geluCase(inputs: number, outputs: number) {
  const layers = [0, 1, 2];
  const gate = torch.oneHot(torch.tensor([2, 0, 2], { dtype: "int64" }), 3).to("float64");
  return {
    x: leaf(6, inputs),
    weights: layers.map(() => draw(outputs, inputs).div(Math.sqrt(inputs)).requiresGrad_()),
    biases: layers.map(() => leaf(outputs)),
    gate: gate.requiresGrad_(),
  };
}

/** As equations are written: every layer on all rows, mixed by the gate; losers as constants. */
function plainGelu({ x, weights, biases, gate }: ReturnType<typeof geluCase>, compared: number[]) {
  const ofRows = torch.tensor([0, 0, 1, 1, 1, 2], { dtype: "int64" });
  const all = weights.map((weight, k) => torch.gelu(torch.linear(x, weight, biases[k])));
  const [y0, , y2] = all;
  const picked = torch.cat([y2.narrow(0, 0, 2), y0.narrow(0, 2, 3), y2.narrow(0, 5, 1)]);
  const terms = all.map((y, k) => {
    const isCompared = torch.tensor(compared.map((bits) => (bits >> k) & 1)).to("float64");
    const slope = gate.sub(gate.detach()).select(1, k).mul(isCompared).indexSelect(0, ofRows);
    return y.sub(picked).detach().mul(slope.unsqueeze(1));
  });
  return terms.reduce((sum, term) => sum.add(term), picked);
}

for (const [dtype, inputs, outputs, tolerance] of [
  ["float64", 5, 8, 1e-12],
  ["float32", 5, 8, 1e-5],
  ["float32", 40, 33, 1e-5], // no whole tiles
  ["float32", 1024, 384, 1e-5], // several slices of the weights
] as const) {
  for (const compared of [undefined, [0b011, 0b100, 0b110]]) {
    test(`select_gelu is its equations: ${dtype} ${inputs} -> ${outputs}, ${compared}`, (t) => {
      torch.manualSeed(4);
      const given = geluCase(inputs, outputs);
      const leaves = [given.x, given.gate, ...given.weights, ...given.biases];
      const cast = leaves.map((one) => one.detach().to(dtype).requiresGrad_());
      const [x, gate, ...layers] = cast;
      const run = () =>
        select_gelu(x, layers.slice(0, 3), layers.slice(3), gate, [2, 0, 2], lengths, { compared });
      const found = run();
      const expected = plainGelu(given, compared ?? [0b111, 0b111, 0b111]);
      same(t, found, expected.to(dtype), "y", tolerance);
      same(t, torch.noGrad(run), expected.to(dtype), "no graph", tolerance);

      const dy = torch.randnLike(expected);
      const plain = torch.grad([expected], leaves, { gradOutputs: [dy], allowUnused: true });
      const ours = torch.grad([found], cast, { gradOutputs: [dy.to(dtype)], allowUnused: true });
      for (const [n, own] of ours.entries()) {
        // What nobody picked has no gradient, or zeros.
        if (own === null) t.is(Number(plain[n]?.abs().max().item() ?? 0), 0);
        if (own === null || plain[n] === null) continue;
        same(t, own, plain[n].to(dtype), `gradient ${n}`, tolerance);
      }
    });
  }
}

test("select_gelu: where alternatives are equal, a decision's gradient is exactly zero", (t) => {
  const [weight, bias] = [torch.randn([64, 32]), torch.randn([64])];
  const gate = torch.tensor([0, 1, 1, 0, 0, 1], { shape: [3, 2], dtype: "float32" });
  const x = torch.randn([6, 32]);
  const layers = [
    [weight, weight.clone()],
    [bias, bias.clone()],
  ] as const;
  const y = select_gelu(
    x,
    [...layers[0]],
    [...layers[1]],
    gate.requiresGrad_(),
    [1, 0, 1],
    lengths,
  );
  const [dGate] = torch.grad([y.square().sum()], [gate]);
  t.deepEqual(dGate.toArray(), [
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
});

test("select_gelu: wrong calls say what is wrong", (t) => {
  const [x, w, b, gate] = [draw(6, 5), draw(8, 5), draw(8), draw(3, 2)];
  const call = (...args: unknown[]) => select_gelu(...(args as Parameters<typeof select_gelu>));
  const [weights, biases] = [
    [w, w],
    [b, b],
  ];
  t.throws(() => call(draw(2, 3, 5), weights, biases, gate, [0, 0, 1], lengths), {
    message: /'x': expected rows/,
  });
  t.throws(() => call(x, [w, draw(8, 4)], biases, gate, [0, 0, 1], lengths), {
    message: /'weights\[1\]'.*\[m,5\]/s,
  });
  t.throws(() => call(x, weights, [b], gate, [0, 0, 1], lengths), { message: /'biases'.*2/ });
  t.throws(() => call(x, weights, [b, draw(7)], gate, [0, 0, 1], lengths), {
    message: /'biases\[1\]'/,
  });
  t.throws(() => call(x, weights, biases, draw(3, 3), [0, 0, 1], lengths), { message: /'gate'/ });
  t.throws(() => call(x, weights, biases, gate, [0, 0], lengths), { message: /'choice'/ });
  t.throws(() => call(x, weights, biases, gate, [0, 0, 2], lengths), { message: /from 0 to 1/ });
  t.throws(() => call(x, weights, biases, gate, [0, 0, 1], [2, 3, 2]), { message: /sum of 6/ });
  t.throws(() => call(x, weights, biases, gate, [0, 0, 1], lengths, { compared: [1] }), {
    message: /'compared'/,
  });
});

test("counts of rows that are none, or whose sum runs over, are refused", (t) => {
  const huge = [2 ** 52, 6 - 2 ** 52]; // negative numbers, and what adds up to the rows
  const [x, w, b, gate] = [draw(6, 8), draw(8, 8), draw(8), draw(2, 2)];
  const calls = [
    () => split_samples(x, [0, 1], 2, { lengths: huge }),
    () => select_linear(x, [w, w], [b, b], 1, [0, 1], huge, 1),
    () => select_gelu(x, [w, w], [b, b], gate, [0, 1], huge),
    () => compare_heads(x, [x], gate, [0, 1], huge, 1),
  ];
  for (const call of calls) t.throws(call, { message: /'lengths': expected row counts/ });
  t.throws(() => compare_heads(x, [x], gate, [0, -3], [3, 3], 1), { message: /from 0 to 1/ });
});
