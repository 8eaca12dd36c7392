import * as torch from "adaptune/torch";
import test from "ava";
import { gradientError } from "../../bench/gradient-error";

const double = (...values: number[]) => torch.tensor(values, { dtype: "float64" });

test("the error is that of the tensor that is furthest off, relative to its own largest value", (t) => {
  const reference = { small: double(0.001, -0.002), large: double(100, 50) };
  const given = { small: torch.tensor([0.001, -0.0021]), large: torch.tensor([100, 51]) };
  const { error, name } = gradientError(given, reference);
  t.is(name, "small");
  t.true(Math.abs(error - 0.05) < 1e-6);
  t.is(gradientError(reference, reference).error, 0);
});

test("the bias of a key, whose gradient is 0, is measured by the key's weight", (t) => {
  const reference = { "a.key.bias": double(1e-17), "a.key.weight": double(2) };
  const given = { "a.key.bias": double(1e-6), "a.key.weight": double(2) };
  t.true(Math.abs(gradientError(given, reference).error - 5e-7) < 1e-12);
});

test("a gradient that never arrived is zero", (t) => {
  t.is(gradientError({}, { unpicked: double(0, 0) }).error, 0);
  t.is(gradientError({}, { lost: double(0.5, 0) }).error, 1);
});

test("what should be zero and is not, and what is no number, is as wrong as can be", (t) => {
  t.is(gradientError({ x: double(1e-9) }, { x: double(0) }).error, Infinity);
  const given = { x: double(Number.NaN), y: double(2) };
  t.true(Number.isNaN(gradientError(given, { x: double(1), y: double(1) }).error));
});

test("strangers and other shapes are errors", (t) => {
  t.throws(() => gradientError({ y: double(1) }, {}), { message: /no y/ });
  t.throws(() => gradientError({ x: double(1, 2) }, { x: double(1) }), { message: /\[2\]/ });
});
