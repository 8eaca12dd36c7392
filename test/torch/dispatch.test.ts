import test from "ava";
import * as torch from "../../src/torch";
import { loose, looseMethods, type Untyped } from "./support";

const x = torch.tensor([
  [3, 1, 2],
  [6, 5, 4],
]);
const values = (result: unknown) => (result as torch.Tensor).toArray();

test("defaulted arguments go by position, by name, or not at all", (t) => {
  const expected = [
    [1, 2, 3],
    [4, 5, 6],
  ];
  const ways = [
    x.sort(),
    x.sort(1),
    x.sort(-1, false),
    x.sort({ dim: 1 }),
    x.sort(1, { descending: false }),
  ];
  for (const way of ways) t.deepEqual(values(way[0]), expected);
});

test("null and undefined stand for optional arguments", (t) => {
  const weight = torch.ones([2, 3]);
  const expected = torch.linear(x, weight).toArray();
  t.deepEqual(torch.linear(x, weight, null).toArray(), expected);
  t.deepEqual(torch.linear(x, weight, undefined).toArray(), expected);
  t.deepEqual(torch.linear(x, weight, { bias: undefined }).toArray(), expected);
  t.is(x.sum(undefined as never).item(), 21);
});

test("one size stands for a list of them, several for one", (t) => {
  t.deepEqual(x.sum(1).toArray(), x.sum([1]).toArray());
  t.deepEqual(values(looseMethods(x).view(3, 2)), x.view([3, 2]).toArray());
  t.deepEqual(values(looseMethods(x).permute(1, 0)), x.t().toArray());
  t.deepEqual(values(loose.zeros(2, 3)), torch.zeros([2, 3]).toArray());
});

test("multiple results are arrays, lists of tensors too", (t) => {
  const [top, indices] = x.topk(1);
  t.deepEqual(
    [top.toArray(), indices.toArray()],
    [
      [[3], [6]],
      [[0], [0]],
    ],
  );
  t.is(x.unbind(1).length, 3);
  t.deepEqual(
    [...x].map((row) => row.shape),
    [[3], [3]],
  );
});

test("in-place and out operators give back the tensor that was given", (t) => {
  const y = torch.zeros([2, 3]);
  t.is(y.add_(1), y);
  t.is(torch.add(x, x, { out: y }), y);
  t.deepEqual(y.toArray(), x.mul(2).toArray());
});

test("raw operators have their own names, and every overload", (t) => {
  const { aten } = torch.ops as unknown as Record<string, Untyped>;
  t.deepEqual(values(aten.masked_fill(x, x.gt(3), 0)), [
    [3, 1, 2],
    [0, 0, 0],
  ]);
  t.is(aten.add, aten.add);
});

test("reductions may be named", (t) => {
  const zero = torch.zerosLike(x);
  t.is(torch.mseLoss(x, zero, "sum").item(), 91);
  t.deepEqual(torch.mseLoss(x, zero, { reduction: "none" }).shape, [2, 3]);
  t.is(torch.l1Loss(x, zero, "mean").item(), 3.5);
});

test("numbers follow PyTorch's promotion: whole ones keep integers", (t) => {
  const ints = torch.tensor([1, 2], { dtype: "int64" });
  t.is(ints.mul(2).dtype, "int64");
  t.is(ints.mul(2.5).dtype, "float32");
  t.is(
    ints
      .mul(2n ** 40n)
      .select(0, 1)
      .item(),
    2 ** 41,
  );
  t.is(ints.add(true).dtype, "int64");
  t.is(x.add(2).dtype, "float32");
  t.is(x.double().add(0.1).select(0, 0).select(0, 0).item(), 3.1);
});

test("big integers arrive whole", (t) => {
  const big = torch.full([1], 2n ** 62n, { dtype: "int64" });
  t.is(big.item<bigint>(), 2n ** 62n);
  t.is(big.add(1n).item<bigint>(), 2n ** 62n + 1n);
});

test("PyTorch's names for arguments work as ours", (t) => {
  const q = torch.randn([1, 1, 2, 4]);
  const both = [{ is_causal: true }, { isCausal: true }].map((options) =>
    values(loose.scaledDotProductAttention(q, q, q, options)),
  );
  t.deepEqual(both[0], both[1]);
});
