import test from "ava";
import {
  MultiHeadAttention,
  PackedAttention,
  Packing,
  pack,
  packingOf,
  whilePacked,
} from "../../src/nn";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";

const float64 = { dtype: "float64" } as const;

/** Masks [B,1,1,S] that leave all but the first positions of every sample out. */
function maskOf(lengths: readonly number[], longest: number): Tensor {
  const rows = lengths.map((length) =>
    Array.from({ length: longest }, (_, place) => (place < length ? 0 : -Infinity)),
  );
  return torch.tensor(rows, float64).view([lengths.length, 1, 1, longest]);
}

function near(found: Tensor, expected: Tensor, tolerance = 1e-12): boolean {
  return torch.allclose(found, expected, tolerance, tolerance);
}

test("rows are packed sample by sample and go back to their places", (t) => {
  const hidden = torch.arange(2 * 3 * 2, float64).view([2, 3, 2]);
  const mask = torch.tensor([0, -Infinity, 0, 0, -Infinity, -Infinity], float64);
  const packed = pack(hidden, mask.view([2, 1, 1, 3]))!;
  t.deepEqual(packed.packing.lengths, [2, 1]);
  t.deepEqual(packed.rows.toArray(), [
    [0, 1],
    [4, 5],
    [6, 7],
  ]);
  t.deepEqual(packed.unpack(packed.rows).toArray(), [
    [
      [0, 1],
      [0, 0],
      [4, 5],
    ],
    [
      [6, 7],
      [0, 0],
      [0, 0],
    ],
  ]);
  t.deepEqual(packed.at(packed.rows, [2, 0]).toArray(), [
    [4, 5],
    [6, 7],
  ]);
  t.throws(() => packed.at(packed.rows, [1, 0]), { message: /position 1 of input 0 is padding/ });
});

test("nothing is packed where nothing is left out, or the mask does something else", (t) => {
  const hidden = torch.zeros([2, 3, 4], float64);
  t.is(pack(hidden, null), null);
  t.is(pack(hidden, maskOf([3, 3], 3)), null);
  t.is(pack(hidden, maskOf([3, 1], 3).clamp(-1e4)), null, "a weight, not an absence");
  t.is(pack(hidden, maskOf([3, 0], 3)), null, "a sample without rows");
  t.is(pack(hidden, maskOf([3, 1], 3).expand([2, 4, 1, 3])), null, "a mask for every head");
});

test("some samples are a packing of their own", (t) => {
  const packing = new Packing([2, 1, 3]);
  t.deepEqual(packing.part([0, 2]).lengths, [2, 3]);
  t.is(packingOf(6), null);
  t.is(
    whilePacked([packing], () => packingOf(6)),
    packing,
  );
});

for (const [name, queries, keys] of [
  ["samples of different lengths", [5, 2, 3], [5, 2, 3]],
  ["samples of the same length", [4, 4, 4], [4, 4, 4]],
  ["to another stream", [3, 1, 2], [2, 4, 4]],
  ["one query each", [1, 1, 1], [4, 1, 3]],
] as [string, number[], number[]][]) {
  test(`packed attention is that of every sample alone: ${name}`, (t) => {
    torch.manualSeed(3);
    const attention = new MultiHeadAttention(8, 2).to("float64");
    const total = (lengths: number[]) => lengths.reduce((sum, length) => sum + length, 0);
    const x = torch.randn([total(queries), 8], float64).requiresGrad_();
    const context = torch.randn([total(keys), 8], float64).requiresGrad_();
    const mask = new PackedAttention(new Packing(queries), new Packing(keys));
    const packed = attention.forward(x, mask, context);
    const split = (rows: Tensor, lengths: number[]) => rows.splitWithSizes(lengths, 0);
    const sources = split(context, keys);
    const alone = torch.cat(
      split(x, queries).map((rows, b) =>
        attention.forward(rows.unsqueeze(0), null, sources[b].unsqueeze(0)).squeeze(0),
      ),
    );
    t.true(near(packed, alone));
    const weights = torch.randn([total(queries), 8], float64);
    const inputs = [x, context, ...attention.parameters()];
    const found = torch.grad([packed.mul(weights).sum()], inputs);
    const expected = torch.grad([alone.mul(weights).sum()], inputs);
    for (const [n, gradient] of found.entries()) t.true(near(gradient!, expected[n]!), `${n}`);
  });
}

test("attention weights are dropped in training, and the gradient is that of what was kept", (t) => {
  const lengths = [3, 5];
  const mask = new PackedAttention(new Packing(lengths), new Packing(lengths));
  const attention = new MultiHeadAttention(4, 2, { dropout: 0.5 }).to("float64").train();
  const x = torch.randn([8, 4], float64).requiresGrad_();
  const weights = torch.randn([8, 4], float64);
  const run = (input: Tensor) => {
    torch.manualSeed(11);
    return attention.forward(input, mask).mul(weights).sum();
  };
  const [found] = torch.grad([run(x)], [x]);
  const step = 1e-6;
  for (const [row, column] of [
    [0, 1],
    [4, 3],
    [7, 0],
  ]) {
    const nudge = torch.zeros([8, 4], float64);
    nudge.select(0, row).select(0, column).fill_(step);
    const slope =
      (Number(run(x.detach().add(nudge)).item()) - Number(run(x.detach().sub(nudge)).item())) /
      (2 * step);
    t.true(Math.abs(slope - Number(found!.select(0, row).select(0, column).item())) < 1e-6);
  }
  t.notDeepEqual(run(x).item(), attention.eval().forward(x, mask).mul(weights).sum().item());
});

test("packed attention refuses lengths that do not fit", (t) => {
  const attention = new MultiHeadAttention(4, 2);
  const mask = (queries: number[], keys: number[]) =>
    new PackedAttention(new Packing(queries), new Packing(keys));
  const x = torch.zeros([3, 4]);
  t.throws(() => attention.forward(x, mask([1, 1], [3])), { message: /key_lengths/ });
  t.throws(() => attention.forward(x, mask([1, 1], [1, 2])), { message: /query_lengths/ });
  t.throws(() => attention.forward(x, mask([3, 0], [1, 2])), { message: /at least one row/ });
});
