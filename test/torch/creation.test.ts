import test from "ava";
import * as torch from "../../src/torch";
import { Tensor } from "../../src/torch";

test("numbers become float32, booleans bool, bigints int64", (t) => {
  t.is(torch.tensor([1, 2.5]).dtype, "float32");
  t.is(torch.tensor([true, false]).dtype, "bool");
  t.is(torch.tensor([1n, -2n]).dtype, "int64");
  t.is(torch.tensor(3).dtype, "float32");
  t.is(torch.tensor(true).dtype, "bool");
  t.is(torch.tensor(3n).dtype, "int64");
});

test("nesting is the shape", (t) => {
  const nested = [
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    [
      [7, 8, 9],
      [10, 11, 12],
    ],
  ];
  const x = torch.tensor(nested);
  t.true(x instanceof Tensor);
  t.deepEqual(x.shape, [2, 2, 3]);
  t.deepEqual(x.toArray(), nested);
  t.is(x.ndim, 3);
  t.is(x.numel(), 12);
  t.deepEqual([x.size(0), x.size(-1)], [2, 3]);
});

test("a number is a tensor without dimensions", (t) => {
  const x = torch.tensor(2.5);
  t.deepEqual(x.shape, []);
  t.is(x.toArray(), 2.5);
  t.is(x.item(), 2.5);
  t.is(x.numel(), 1);
});

test("empty arrays keep their shape", (t) => {
  t.deepEqual(torch.tensor([]).shape, [0]);
  t.deepEqual(torch.tensor([[], []]).shape, [2, 0]);
  t.deepEqual(torch.tensor([[], []]).toArray(), [[], []]);
  t.deepEqual(torch.zeros([0, 3]).toArray(), []);
  t.deepEqual(torch.zeros([2, 0, 3]).toArray(), [[], []]);
  t.deepEqual(torch.tensor(new Float32Array(), { shape: [3, 0] }).shape, [3, 0]);
  t.is(torch.zeros([0]).toTypedArray().length, 0);
});

test("typed arrays keep their kind, there and back", (t) => {
  const kinds = {
    float32: new Float32Array([0.5, -1]),
    float64: new Float64Array([0.1, 1e300]),
    int64: new BigInt64Array([2n ** 62n, -(2n ** 63n)]),
    int32: new Int32Array([2 ** 31 - 1, -(2 ** 31)]),
    int16: new Int16Array([32767, -32768]),
    int8: new Int8Array([127, -128]),
    uint8: new Uint8Array([0, 255]),
    uint16: new Uint16Array([0, 65535]),
    uint32: new Uint32Array([0, 2 ** 32 - 1]),
    uint64: new BigUint64Array([0n, 2n ** 64n - 1n]),
  };
  for (const [dtype, array] of Object.entries(kinds)) {
    const x = torch.tensor(array);
    t.is(x.dtype, dtype as torch.DType);
    t.deepEqual(x.shape, [2]);
    t.deepEqual(x.toTypedArray(), array);
  }
  t.is(torch.tensor(new Uint8ClampedArray([300])).dtype, "uint8");
});

test("a typed array is copied, and may be a part of a buffer", (t) => {
  const whole = new Float32Array([0, 1, 2, 3]);
  const x = torch.tensor(whole.subarray(1, 3));
  whole.fill(9);
  t.deepEqual(x.toArray(), [1, 2]);
  const read = x.toTypedArray();
  read[0] = 7;
  t.deepEqual(x.toArray(), [1, 2]);
});

test("a typed array takes a shape and another dtype", (t) => {
  const x = torch.tensor(new Int32Array([1, 2, 3, 4, 5, 6]), { shape: [2, 3], dtype: "float64" });
  t.is(x.dtype, "float64");
  t.deepEqual(x.toArray(), [
    [1, 2, 3],
    [4, 5, 6],
  ]);
  const mask = torch.tensor(new Uint8Array([0, 1, 2]), { dtype: "bool" });
  t.deepEqual(mask.toArray(), [false, true, true]);
});

test("arrays in another dtype lose nothing on the way", (t) => {
  t.is(torch.tensor(0.1, { dtype: "float64" }).item(), 0.1);
  t.is(torch.tensor([2 ** 24 + 1], { dtype: "int64" }).item(), 2 ** 24 + 1);
  t.is(torch.tensor([Number.MAX_SAFE_INTEGER], { dtype: "int64" }).item(), Number.MAX_SAFE_INTEGER);
  t.is(torch.tensor([2 ** 24 + 1], { dtype: "int32" }).item(), 2 ** 24 + 1);
  t.is(torch.tensor([-(2n ** 63n)]).item<bigint>(), -(2n ** 63n));
  t.deepEqual(torch.tensor([1n, 2n], { dtype: "float64" }).toArray(), [1, 2]);
  t.deepEqual(torch.tensor([1.9, -1.9], { dtype: "int64" }).toArray(), [1, -1]);
  t.deepEqual(torch.tensor([0, 2, -0.5], { dtype: "bool" }).toArray(), [false, true, true]);
  t.deepEqual(torch.tensor([true, false], { dtype: "float32" }).toArray(), [1, 0]);
});

test("not-a-number, infinities and negative zero survive", (t) => {
  const values = [Number.NaN, Infinity, -Infinity, -0];
  t.deepEqual(torch.tensor(values).toArray(), values);
  t.deepEqual(torch.tensor(values, { dtype: "bfloat16" }).toArray(), values);
});

test("half types round to nearest even, and are read as float32", (t) => {
  const bfloat = torch.tensor([1 + 2 ** -8, 1 + 3 * 2 ** -8, 3.4e38], { dtype: "bfloat16" });
  t.deepEqual(bfloat.toTypedArray(), new Float32Array([1, 1 + 2 ** -6, Infinity]));
  const half = torch.tensor([1 + 2 ** -11, 65504, 65520, 2 ** -24], { dtype: "float16" });
  t.deepEqual(half.toTypedArray(), new Float32Array([1, 65504, Infinity, 2 ** -24]));
});

test("booleans are read as booleans, and as bytes", (t) => {
  const mask = torch.tensor([[true], [false]]);
  t.deepEqual(mask.toArray(), [[true], [false]]);
  t.deepEqual(mask.toTypedArray(), new Uint8Array([1, 0]));
  t.is(mask.index(0, 0).item<boolean>(), true);
});

test("integers are numbers where numbers can say them, bigints where not", (t) => {
  t.is(torch.tensor([7n]).item(), 7);
  t.is(torch.tensor([2n ** 62n]).item<bigint>(), 2n ** 62n);
  t.deepEqual(torch.tensor([1n, 2n]).toArray(), [1, 2]);
  t.deepEqual(torch.tensor([1n, 2n ** 62n]).toArray<(number | bigint)[]>(), [1, 2n ** 62n]);
  t.deepEqual(torch.tensor([1, 2], { dtype: "uint8" }).toArray(), [1, 2]);
});

test("reading follows the strides", (t) => {
  const x = torch.arange(6, { dtype: "float32" }).view([2, 3]);
  t.deepEqual(x.t().toArray(), [
    [0, 3],
    [1, 4],
    [2, 5],
  ]);
  t.deepEqual([...x.t().toTypedArray()], [0, 3, 1, 4, 2, 5]);
  t.deepEqual(x.select(1, 1).toArray(), [1, 4]);
  t.deepEqual(torch.tensor(3).expand([2, 2]).toArray(), [
    [3, 3],
    [3, 3],
  ]);
  t.deepEqual(x.flip([0]).toArray(), [
    [3, 4, 5],
    [0, 1, 2],
  ]);
});

test("factories take dtype, device and requiresGrad", (t) => {
  const x = torch.zeros([2, 3], { dtype: "float64", device: "cpu", requiresGrad: true });
  t.deepEqual([x.dtype, x.device, x.requiresGrad, x.isLeaf], ["float64", "cpu", true, true]);
  t.deepEqual(torch.full([2], 7, { dtype: "int32" }).toArray(), [7, 7]);
  t.deepEqual(torch.ones([2], { dtype: "bool" }).toArray(), [true, true]);
  t.deepEqual(torch.eye(2).toArray(), [
    [1, 0],
    [0, 1],
  ]);
  t.deepEqual(torch.linspace(0, 1, 3).toArray(), [0, 0.5, 1]);
  t.true(torch.randn([2], { requiresGrad: true }).requiresGrad);
  t.is(torch.zeros([2]).dtype, "float32");
  t.is(torch.empty([2, 0]).numel(), 0);
});

test("a range of whole numbers is of int64, as in PyTorch", (t) => {
  t.is(torch.arange(5).dtype, "int64");
  t.deepEqual(torch.arange(0, 5).toArray(), [0, 1, 2, 3, 4]);
  t.deepEqual(torch.arange(5, 0, -2).toArray(), [5, 3, 1]);
  t.is(torch.arange(0, 1, 0.25).dtype, "float32");
  t.is(torch.arange(3, { dtype: "float32" }).dtype, "float32");
});

test("tensors of options alone: dtype, gradient", (t) => {
  const x = torch.tensor([1, 2], { dtype: "float64", requiresGrad: true });
  t.true(x.requiresGrad);
  t.true(x.isLeaf);
  t.is(torch.tensor([1, 2], { dtype: "bfloat16", requiresGrad: true }).isLeaf, true);
});

test("conversions change the dtype and nothing else", (t) => {
  const x = torch.tensor([0, 1.5, -2.5]);
  const dtypes = {
    float64: x.double(),
    float32: x.double().float(),
    float16: x.half(),
    bfloat16: x.bfloat16(),
    int64: x.long(),
    int32: x.int(),
    bool: x.bool(),
  };
  for (const [dtype, converted] of Object.entries(dtypes)) {
    t.is(converted.dtype, dtype as torch.DType);
    t.deepEqual(converted.shape, [3]);
    t.is(x.to(dtype as torch.DType).dtype, dtype as torch.DType);
  }
  t.deepEqual(dtypes.int64.toArray(), [0, 1, -2]);
  t.deepEqual(dtypes.bool.toArray(), [false, true, true]);
  t.is(x.to("cpu").device, "cpu");
  t.is(x.cpu().device, "cpu");
  const both = x.to({ dtype: "int8", device: "cpu" });
  t.deepEqual([both.dtype, both.device], ["int8", "cpu"]);
});

test("complex tensors are made, and read as pairs", (t) => {
  const x = torch.viewAsComplex(
    torch.tensor([
      [1, 2],
      [3, -4],
    ]),
  );
  t.is(x.dtype, "complex64");
  t.deepEqual([...x.toTypedArray()], [1, 2, 3, -4]);
  t.deepEqual(x.conj().index(1).item() as unknown, { re: 3, im: 4 });
  t.deepEqual(x.abs().toArray(), [Math.fround(Math.sqrt(5)), 5]);
});

test("a tensor is the same through its JSON-like reading and back", (t) => {
  for (const dtype of ["float32", "float64", "int64", "int16", "uint8", "bool"] as const) {
    const x = torch.randn([3, 2, 2]).mul(3).to(dtype);
    t.true(torch.equal(torch.tensor(x.toArray(), { dtype }), x), dtype);
    t.true(torch.equal(torch.tensor(x.toTypedArray(), { shape: x.shape, dtype }), x), dtype);
  }
});

test("numbers that an integer dtype does not hold are refused", (t) => {
  const refused: [number | bigint, torch.DType][] = [
    [128, "int8"],
    [-129, "int8"],
    [256, "uint8"],
    [-256, "uint8"],
    [3e9, "int32"],
    [3_000_000_000n, "int32"],
    [2 ** 63, "int64"],
    [1e30, "int64"],
  ];
  for (const [value, dtype] of refused) {
    const message = new RegExp(
      `expected numbers that ${dtype} holds, given ${value}`.replace("+", "\\+"),
    );
    t.throws(() => torch.tensor([0n, value].slice(1) as number[], { dtype }), { message });
  }
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    t.throws(() => torch.tensor(value, { dtype: "int8" }), { message: /expected finite numbers/ });
  }
  t.deepEqual(torch.tensor([-128, 127.9], { dtype: "int8" }).toArray(), [-128, 127]);
  t.deepEqual(torch.tensor([-1, 255], { dtype: "uint8" }).toArray(), [255, 255]);
  t.is(torch.tensor(-(2 ** 63), { dtype: "int64" }).item<bigint>(), -(2n ** 63n));
});
