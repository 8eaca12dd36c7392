import test from "ava";
import * as torch from "../../src/torch";

// PyTorch's torch.finfo: bits, eps, max, tiny, resolution.
const floats = {
  float64: [64, 2.220446049250313e-16, 1.7976931348623157e308, 2.2250738585072014e-308, 1e-15],
  float32: [32, 1.1920928955078125e-7, 3.4028234663852886e38, 1.1754943508222875e-38, 1e-6],
  float16: [16, 0.0009765625, 65504, 6.103515625e-5, 0.001],
  bfloat16: [16, 0.0078125, 3.3895313892515355e38, 1.1754943508222875e-38, 0.01],
  float8_e4m3fn: [8, 0.125, 448, 0.015625, 1],
  float8_e5m2: [8, 0.25, 57344, 6.103515625e-5, 1],
  float8_e4m3fnuz: [8, 0.125, 240, 0.0078125, 1],
  float8_e5m2fnuz: [8, 0.125, 57344, 3.0517578125e-5, 1],
  float8_e8m0fnu: [8, 1, 2 ** 127, 2 ** -127, 1],
  complex64: [32, 1.1920928955078125e-7, 3.4028234663852886e38, 1.1754943508222875e-38, 1e-6],
} as const;

for (const [dtype, [bits, eps, max, tiny, resolution]] of Object.entries(floats)) {
  test(`finfo of ${dtype} is PyTorch's`, (t) => {
    const info = torch.finfo(dtype as torch.DType);
    t.deepEqual(info as unknown, {
      dtype,
      bits,
      eps,
      max,
      min: dtype === "float8_e8m0fnu" ? tiny : -max, // it has no sign
      tiny,
      smallestNormal: tiny,
      resolution,
    });
  });
}

test("iinfo is PyTorch's, exact beyond 2^53", (t) => {
  const limits = (dtype: torch.DType) => {
    const { bits, min, max } = torch.iinfo(dtype);
    return [bits, min, max];
  };
  t.deepEqual(limits("uint8"), [8, 0, 255]);
  t.deepEqual(limits("int8"), [8, -128, 127]);
  t.deepEqual(limits("int16"), [16, -32768, 32767]);
  t.deepEqual(limits("int32"), [32, -2147483648, 2147483647]);
  t.deepEqual(limits("uint32"), [32, 0, 4294967295]);
  t.deepEqual(limits("int64"), [64, -9223372036854775808n, 9223372036854775807n]);
  t.deepEqual(limits("uint64"), [64, 0, 18446744073709551615n]);
});

test("what has no such limits says who knows them", (t) => {
  t.throws(() => torch.finfo("int64"), { message: /iinfo/ });
  t.throws(() => torch.iinfo("float32"), { message: /finfo/ });
});

test("largest numbers are what tensors hold, one more is infinite", (t) => {
  for (const dtype of ["float32", "float16", "bfloat16"] as const) {
    const { max } = torch.finfo(dtype);
    const held = torch.tensor([max], { dtype });
    t.is(held.item(), max);
    t.is(held.mul(2).item(), Number.POSITIVE_INFINITY);
  }
});
