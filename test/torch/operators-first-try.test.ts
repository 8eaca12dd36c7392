import test from "ava";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";

// What a PyTorch user types first. The types are part of it: `tsc` checks this file too.

test("keywords from the first argument on", (t) => {
  const x = torch.arange(6, { dtype: "float32" }).view(2, 3);
  t.deepEqual(x.sum({ dim: 0 }).toArray(), [3, 5, 7]);
  t.deepEqual(x.sum({ dim: [0, 1], keepdim: true }).shape, [1, 1]);
  t.deepEqual(torch.softmax(x, { dim: -1 }).sum(1).toArray(), [1, 1]);
  t.deepEqual(x.transpose({ dim0: 0, dim1: 1 }).shape, [3, 2]);
  const [values, indices] = torch.max(x, { dim: 1 });
  t.deepEqual(
    [values.toArray(), indices.toArray()],
    [
      [2, 5],
      [2, 2],
    ],
  );
  t.deepEqual(torch.cat([x, x], { dim: 1 }).shape, [2, 6]);
  t.deepEqual(x.topk(2, { dim: 1 })[0].toArray(), [
    [2, 1],
    [5, 4],
  ]);
  const half = torch.randn([2, 3], { device: "cpu", dtype: "bfloat16" });
  t.is(half.dtype, "bfloat16");
  t.deepEqual(x.matmul(x.T).softmax(-1).shape, [2, 2]);
});

test("loose sizes, negative dimensions, single numbers for lists", (t) => {
  const x = torch.zeros(2, 3, 4);
  t.deepEqual(x.permute(2, 0, 1).shape, [4, 2, 3]);
  t.deepEqual(x.reshape(-1).shape, [24]);
  t.deepEqual(x.expand(-1, -1, 4).shape, [2, 3, 4]);
  t.deepEqual(x.mean(-1).shape, [2, 3]);
  t.deepEqual(x.repeat(1, 2, 1).shape, [2, 6, 4]);
  t.deepEqual(x.flip(0).roll(1).shape, [2, 3, 4]);
});

test("a number may come first, as in Python", (t) => {
  const x = torch.tensor([1, 2, 4]);
  t.deepEqual(torch.sub(1, x).toArray(), [0, -1, -3]);
  t.deepEqual(torch.div(2, x).toArray(), [2, 1, 0.5]);
  t.deepEqual(torch.add(1, x, { alpha: 2 }).toArray(), [3, 5, 9]);
  const ints = torch.tensor([1n, 2n]);
  t.is(torch.mul(2, ints).dtype, "int64");
  t.is(torch.mul(0.5, ints).dtype, "float32");
  t.is(torch.mul(0.5, torch.ones([2], { dtype: "bfloat16" })).dtype, "bfloat16");
  t.throws(() => torch.maximum(1 as never, x), {
    message: /argument 'self': expected a Tensor, given 1/,
  });
});

test("methods whose tensor is the operator's second argument", (t) => {
  const x = torch.tensor([1, -2, 3]);
  t.deepEqual(x.where(x.gt(0), 0).toArray(), [1, 0, 3]);
  t.deepEqual(x.where(x.gt(0), x.neg()).toArray(), [1, 2, 3]);
  t.true(torch.allclose(x.abs().polygamma(1), torch.polygamma(1, x.abs())));
});

test("complex numbers are { re, im }", (t) => {
  const x = torch.tensor([1, 2]);
  const product = x.mul({ re: 0, im: 1 });
  t.is(product.dtype, "complex64");
  t.deepEqual(torch.viewAsReal(product).toArray(), [
    [0, 1],
    [0, 2],
  ]);
  t.deepEqual(product.index(1).item() as unknown, { re: 0, im: 2 });
  t.deepEqual(torch.full([1], { re: 1, im: -1 }).imag.toArray(), [-1]);
  t.deepEqual(torch.add(product, { re: 1, im: 0 }, { alpha: 2 }).real.toArray(), [2, 2]);
});

test("dtypes, layouts, memory formats, devices and generators by name", (t) => {
  const x = torch.zeros([1, 2, 3, 4]).contiguous({ memoryFormat: "channels_last" });
  t.deepEqual(x.strides, [24, 1, 8, 2]);
  t.is(x.toSparse().layout, "sparse_coo");
  t.is(torch.empty([2], { device: "meta" }).device, "meta");
  const generator = new torch.Generator().manualSeed(3);
  const draws = () => torch.rand([3], { generator }).toArray();
  const first = draws();
  t.notDeepEqual(draws(), first);
  generator.manualSeed(3);
  t.deepEqual(draws(), first);
});

test("one overload by its name, typed; `default` is the one without", (t) => {
  const x = torch.ones([2, 2]);
  const sum: Tensor = torch.ops.aten.sum.dim_IntList(x, [0], { keepdim: true });
  t.deepEqual(sum.shape, [1, 2]);
  t.deepEqual(torch.ops.aten.sum.default(x).item(), 4);
  const quantized = torch.quantizePerTensor(x, 0.5, 0, "qint8");
  const twice: Tensor = torch.ops.quantized.add(quantized, quantized, 0.5, 0);
  t.deepEqual(twice.dequantize().toArray(), [
    [2, 2],
    [2, 2],
  ]);
  t.throws(() => torch.ops.aten.add.Nonsense(x, x), { message: /add\.Nonsense/ });
});

test("explain tells the overload and what it is passed, and runs nothing", (t) => {
  const x = torch.ones([2, 3]);
  const call = torch.explain(() => x.add_(1, { alpha: 2 }));
  t.deepEqual([call.name, call.overload], ["aten::add_", "Scalar"]);
  t.deepEqual([call.arguments.get("other"), call.arguments.get("alpha")], [1, 2]);
  t.is(x.sum().item(), 6);
  const zeros = torch.explain(() => torch.zeros([2], { dtype: "float16", device: "cpu" }));
  t.is(zeros.arguments.get("dtype"), "float16");
  t.is(zeros.arguments.get("layout"), null);
  t.throws(() => torch.explain(() => 1), { message: /calls an operator/ });
  t.throws(() => torch.explain(() => x.sum("a" as never)), { name: "TypeError" });
});

test("dtype promotion and comparisons", (t) => {
  t.is(torch.promoteTypes("int64", "float16"), "float16");
  t.is(torch.resultType(torch.tensor([1n]), 2.5), "float32");
  t.true(torch.canCast("int32", "float32"));
  t.true(torch.equal(torch.ones([2]), torch.ones([2])));
  t.false(torch.equal(torch.ones([2]), torch.ones([3])));
  t.true(torch.allclose(torch.ones([2]), torch.ones([2]).add(1e-7)));
  t.false(torch.allclose(torch.ones([2]), torch.ones([2]).add(1e-2)));
  t.true(
    torch.allclose(torch.tensor([Number.NaN]), torch.tensor([Number.NaN]), { equalNan: true }),
  );
  t.true(torch.isTensor(torch.ones([1])) && !torch.isTensor([1]));
});
