import path from "node:path";
import test from "ava";
import type { DType } from "../../src/torch";
import * as torch from "../../src/torch";

const reference = path.join(__dirname, "..", "reference");

test("a tensor over a SharedArrayBuffer reads and writes it", (t) => {
  const array = new Float32Array(new SharedArrayBuffer(16));
  array.set([1, 2, 3, 4]);
  const x = torch.frombuffer(array, { shape: [2, 2] });
  t.deepEqual(
    [x.dtype, x.toArray()],
    [
      "float32",
      [
        [1, 2],
        [3, 4],
      ],
    ],
  );
  array[0] = 9;
  t.is(x.index(0, 0).item(), 9);
  x.mul_(2);
  t.deepEqual([...array], [18, 4, 6, 8]);
});

test("offset, dtype and shape choose a part", (t) => {
  const buffer = new SharedArrayBuffer(32);
  new Int32Array(buffer).set([1, 2, 3, 4, 5, 6, 7, 8]);
  t.is(torch.frombuffer(buffer).dtype, "uint8");
  const part = torch.frombuffer(buffer, { dtype: "int32", offset: 8, shape: [3] });
  t.deepEqual(part.toArray(), [3, 4, 5]);
  const view = new Int32Array(buffer, 4, 2);
  t.deepEqual(torch.frombuffer(view).toArray(), [2, 3]);
  t.deepEqual(torch.frombuffer(view, { dtype: "int64", offset: 8 }).shape, [0]);
  t.true(
    torch.frombuffer(new Float32Array(new SharedArrayBuffer(4)), { requiresGrad: true })
      .requiresGrad,
  );
});

test("memory that does not fit is refused", (t) => {
  const buffer = new SharedArrayBuffer(10);
  const wrong: [() => unknown, RegExp][] = [
    [() => torch.frombuffer(buffer, { dtype: "float32" }), /'shape'.*10 bytes/],
    [() => torch.frombuffer(buffer, { dtype: "float32", shape: [3] }), /needs 12 bytes, given 10/],
    [() => torch.frombuffer(buffer, { offset: 11 }), /'offset'/],
    [() => torch.frombuffer(buffer, { offset: -1 }), /'offset'/],
    [() => torch.frombuffer(buffer, { dtype: "int16", offset: 1, shape: [2] }), /multiple of 2/],
    [() => torch.frombuffer(buffer, { shape: [-1] }), /'shape'/],
    [() => torch.frombuffer(buffer, { shape: [2 ** 40, 2 ** 40] }), /'shape'/],
    [() => torch.frombuffer(buffer, { dtype: "float31" as DType }), /'dtype'/],
    [() => torch.frombuffer(buffer, { size: 3 } as object), /'size'/],
    [() => torch.frombuffer([1, 2] as unknown as ArrayBuffer), /array of 2/],
  ];
  for (const [call, message] of wrong) t.throws(call, { instanceOf: TypeError, message });
  const odd = new Uint8Array(new SharedArrayBuffer(9), 1);
  t.throws(() => torch.frombuffer(odd, { dtype: "float64" }), { message: /multiples of 8/ });
});

test("memory of a plain ArrayBuffer is moved or refused, never borrowed", (t) => {
  const array = Float32Array.of(1, 2, 3);
  t.throws(() => torch.frombuffer(array), { instanceOf: TypeError, message: /transfer: true/ });
  const x = torch.frombuffer(array, { transfer: true });
  t.deepEqual([x.toArray(), array.length], [[1, 2, 3], 0]);
  const bytes = Uint8Array.of(9, 9, 9, 9, 0, 0, 128, 63);
  const part = torch.frombuffer(new DataView(bytes.buffer, 4), {
    dtype: "float32",
    transfer: true,
  });
  t.deepEqual(part.toArray(), [1]);
  const pooled = Buffer.from("pooled");
  t.throws(() => torch.frombuffer(pooled, { transfer: true }), {
    message: /cannot be transferred/,
  });
  t.is(pooled.toString(), "pooled");
  const shared = new SharedArrayBuffer(4);
  t.throws(() => torch.frombuffer(shared, { transfer: true }), { message: /'transfer'/ });
});

test("asTypedArray is the tensor's memory", (t) => {
  const x = torch.arange(6, { dtype: "float32" }).view([2, 3]);
  const array = x.asTypedArray();
  t.true(array instanceof Float32Array);
  array[5] = 50;
  t.is(x.index(1, 2).item(), 50);
  x.zero_();
  t.deepEqual([...array], [0, 0, 0, 0, 0, 0]);
  const row = x.index(1).asTypedArray();
  row[0] = 7;
  t.deepEqual([...array], [0, 0, 0, 7, 0, 0]);
  t.is(row.buffer.byteLength, 12);
});

const kinds: [DType, string, number][] = [
  ["float32", "Float32Array", 2],
  ["float64", "Float64Array", 2],
  ["float16", "Uint16Array", 2],
  ["bfloat16", "Uint16Array", 2],
  ["int64", "BigInt64Array", 2],
  ["int32", "Int32Array", 2],
  ["int16", "Int16Array", 2],
  ["int8", "Int8Array", 2],
  ["uint8", "Uint8Array", 2],
  ["uint16", "Uint16Array", 2],
  ["uint32", "Uint32Array", 2],
  ["uint64", "BigUint64Array", 2],
  ["bool", "Uint8Array", 2],
  ["complex64", "Float32Array", 4],
  ["complex128", "Float64Array", 4],
  ["float8_e5m2", "Uint8Array", 2],
];
test("each dtype has its kind of array", (t) => {
  for (const [dtype, kind, length] of kinds) {
    const x = torch.ones([2]).to(dtype);
    const array = x.asTypedArray();
    t.deepEqual([array.constructor.name, array.length], [kind, length], dtype);
    const back = torch.frombuffer(array, { dtype, shape: [2] });
    t.true(back.to("complex64").equal(x.to("complex64")), dtype);
  }
  t.is(torch.ones([0]).asTypedArray().length, 0);
});

test("tensors whose memory is not their elements are refused", (t) => {
  const x = torch.ones([2, 3]);
  const refused: [torch.Tensor, RegExp][] = [
    [x.t(), /gaps/],
    [torch.ones([1], { requiresGrad: true }), /detach/],
    [torch.ones([1], { dtype: "complex64" }).conj(), /conjugate/],
    [x.toSparse(), /sparse/],
    [torch.empty([1], { device: "meta" }), /CPU/],
  ];
  for (const [tensor, message] of refused) {
    t.throws(() => tensor.asTypedArray(), { instanceOf: TypeError, message });
  }
});

test("the array outlives the tensor, and the tensor the array", async (t) => {
  const x = torch.full([1000], 3, { dtype: "float32" });
  const array = x.asTypedArray() as Float32Array;
  x.dispose();
  const noise = Array.from({ length: 50 }, () => torch.full([1000], 8));
  t.true(array.every((value) => value === 3));
  for (const tensor of noise) tensor.dispose();

  let short: Float32Array | null = new Float32Array(new SharedArrayBuffer(4000)).fill(5);
  const over = torch.frombuffer(short);
  short = null;
  for (let n = 0; n < 20; n++) new Float32Array(1e6).fill(n);
  await new Promise((resolve) => setImmediate(resolve));
  t.true(over.eq(5).all().item<boolean>());
});

test("a tensor over another's memory shares it, through JavaScript too", (t) => {
  const x = torch.zeros([4]);
  const middle = (x.asTypedArray() as Float32Array).subarray(1, 3);
  const y = torch.frombuffer(middle);
  y.fill_(2);
  t.deepEqual(x.toArray(), [0, 2, 2, 0]);
  x.dispose();
  const again = y.asTypedArray();
  again[0] = 3;
  t.deepEqual(y.toArray(), [3, 2]);
});

test("a buffer that is transferred away takes no memory with it", (t) => {
  const x = torch.full([8], 6, { dtype: "float32" });
  const array = x.asTypedArray() as Float32Array;
  const { buffer } = array as { buffer: ArrayBuffer & { transfer?(): ArrayBuffer } };
  try {
    structuredClone(buffer, { transfer: [buffer] });
  } catch (error) {
    t.is((error as Error).name, "DataCloneError"); // Node.js 20 copies instead
  }
  buffer.transfer?.();
  t.true(x.eq(6).all().item<boolean>());
});

test("a storage with an array over it cannot be resized", (t) => {
  const x = torch.ones([2]);
  x.asTypedArray();
  t.throws(() => x.resize_([1000]), { message: /not resizable/ });
  const y = torch.ones([4]);
  const array = y.asTypedArray() as Float32Array;
  y.set_(torch.zeros([2]));
  t.deepEqual([...array], [1, 1, 1, 1]);
});

test("memory-mapped tensors are arrays too, and the file stays", (t) => {
  const half = torch.load(path.join(reference, "pytorch-zip.pt"))["state_dict.half"];
  const bits = half.asTypedArray() as Uint16Array;
  t.deepEqual([...bits], [0x3fc0, 0xc000, 0x3e80]);
  bits[0] = 0;
  t.is(half.index(0).item(), 0);
});
