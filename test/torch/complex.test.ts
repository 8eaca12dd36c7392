import { inspect } from "node:util";
import test from "ava";
import * as torch from "../../src/torch";

const numbers = [
  [
    { re: 1, im: 2 },
    { re: -0.5, im: 0 },
  ],
  [
    { re: 0, im: -1 },
    { re: 3, im: 4 },
  ],
];

test("complex numbers go in and come out as { re, im }", (t) => {
  const x = torch.tensor(numbers);
  t.is(x.dtype, "complex64");
  t.deepEqual(x.toArray<unknown>(), numbers);
  t.deepEqual(torch.tensor(x.toArray<typeof numbers>()).toArray<unknown>(), numbers);
  t.deepEqual(torch.tensor({ re: 1, im: 2 }).item<torch.Complex>(), { re: 1, im: 2 });
  t.is(torch.tensor({ re: 0.1, im: 2 }, { dtype: "complex128" }).real.item(), 0.1);
  const mixed = torch.tensor([1, { re: 0, im: 1 }], { requiresGrad: true });
  t.true(mixed.requiresGrad && mixed.isLeaf);
  t.deepEqual(mixed.toArray<unknown>(), [
    { re: 1, im: 0 },
    { re: 0, im: 1 },
  ]);
  t.deepEqual(torch.tensor(numbers, { shape: [4] }).shape, [4]);
});

test("parts are views, with gradients, and can be assigned", (t) => {
  const x = torch.tensor(numbers);
  t.deepEqual(x.real.toArray(), [
    [1, -0.5],
    [0, 3],
  ]);
  t.deepEqual(x.imag.toArray(), [
    [2, 0],
    [-1, 4],
  ]);
  x.imag.fill_(7);
  t.is(x.imag.sum().item(), 28);
  x.real = torch.zeros([2, 2]);
  x.imag = 1;
  t.deepEqual(x.sum().item<torch.Complex>(), { re: 0, im: 4 });
  const real = torch.ones([2], { requiresGrad: true });
  real.mul({ re: 0, im: 2 }).imag.sum().backward();
  t.deepEqual(real.grad?.toArray(), [2, 2]);
  t.deepEqual(real.real.toArray(), [1, 1]);
  t.throws(() => real.imag, { message: /not implemented for tensors with non-complex dtypes/ });
});

test("a complex scalar goes wherever a number does", (t) => {
  const i = { re: 0, im: 1 };
  const x = torch.zeros([2], { dtype: "complex64" });
  const results = [
    x.add(i),
    x.clone().fill_(i),
    x.clone().indexPut_([torch.slice()], i),
    x.clone().maskedFill_(torch.tensor([true, true]), i),
    torch.full([2], i),
    torch.fullLike(x, i),
    torch.where(torch.tensor([true, true]), i, x),
    torch.mul(i, torch.ones([2])),
    torch.add(i, x),
    x.newFull([2], i),
  ];
  for (const [n, result] of results.entries()) {
    t.deepEqual(result.toArray<unknown>(), [i, i], `${n}`);
  }
});

test("transposes are PyTorch's, properties, and refuse vectors", (t) => {
  const x = torch.tensor(numbers);
  const adjoint = [
    [
      { re: 1, im: -2 },
      { re: 0, im: 1 },
    ],
    [
      { re: -0.5, im: -0 },
      { re: 3, im: -4 },
    ],
  ];
  t.deepEqual(x.mH.toArray<unknown>(), adjoint);
  t.deepEqual(x.H.toArray<unknown>(), adjoint);
  t.deepEqual(torch.zeros([2, 3, 4]).mT.shape, [2, 4, 3]);
  t.deepEqual(torch.zeros([2, 3, 4]).mH.shape, [2, 4, 3]);
  t.throws(() => torch.zeros([2, 3, 4]).H, { message: /only supported on matrices/ });
  for (const name of ["mT", "mH", "H"] as const) {
    t.throws(() => torch.zeros([3])[name], { name: "TorchError", message: /Got 1-D tensor/ });
  }
});

test("showing a tensor, its class or its prototype never throws", (t) => {
  const all = { getters: true, showHidden: true, depth: 4 };
  for (const x of [torch.zeros([3]), torch.tensor(numbers), torch.Tensor, torch.Tensor.prototype]) {
    t.true(inspect(x).length > 0);
    t.true(inspect({ x }, all).length > 0);
  }
  t.is(`${torch.Tensor.prototype}`, "Tensor.prototype");
});

test("whole numbers of 2^63 to 2^64 are scalars of uint64", (t) => {
  const big = 2n ** 63n + 5n;
  const x = torch.tensor([big, 7n], { dtype: "uint64" });
  t.deepEqual(x.toArray<unknown>(), [big, 7]);
  t.is(x.index(0).item<bigint>(), big);
  t.deepEqual(torch.full([1], big, { dtype: "uint64" }).toArray<unknown>(), [big]);
  t.deepEqual(x.eq(big).toArray<unknown>(), [true, false]);
  t.deepEqual(x.clone().fill_(big).toArray<unknown>(), [big, big]);
  t.deepEqual(x.clone().indexPut_([1], big).toArray<unknown>(), [big, big]);
  t.is(torch.ops.aten.item(x.index(0)), big);
  t.throws(() => torch.tensor([big]), { message: /dtype: "uint64"/ });
  t.throws(() => torch.full([1], 2n ** 64n), { name: "TypeError" });
});
