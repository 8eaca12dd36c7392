import test from "ava";
import { Parameter } from "../../src/nn";
import { clipGradNorm_ } from "../../src/optim";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { assertRounding, isNear, rounding } from "../rounding";

function withGradients(...gradients: (number[] | null)[]): Parameter[] {
  return gradients.map((gradient) => {
    const parameter = new Parameter(torch.zeros([gradient?.length ?? 1]));
    if (gradient) parameter.grad = torch.tensor(gradient);
    return parameter;
  });
}

function gradients(params: Parameter[]): unknown[] {
  return params.map(({ grad }) => (grad as Tensor | null)?.toArray() ?? null);
}

test("gradients above the norm are scaled together, and their norm is given", (t) => {
  const params = withGradients([3, 0], null, [4]);
  t.is(clipGradNorm_(params, 1).item(), 5);
  const [[a], , [c]] = gradients(params) as number[][];
  t.true(isNear(a, 0.6, { dtype: "float32" }) && isNear(c, 0.8, { dtype: "float32" }));
});

test("gradients below the norm are left as they are", (t) => {
  const params = withGradients([3, 0], [4]);
  t.is(clipGradNorm_(params, 10).item(), 5);
  t.deepEqual(gradients(params), [[3, 0], [4]]);
  t.is(clipGradNorm_(withGradients(null), 1).item(), 0);
});

test("a norm that is not finite is an error where asked for, before anything changes", (t) => {
  const params = withGradients([1, Number.POSITIVE_INFINITY], [2]);
  t.throws(() => clipGradNorm_(params, 1, { errorIfNonfinite: true }), {
    message: /norm is Infinity/,
  });
  t.deepEqual(gradients(params)[1], [2]);
  const nothing = withGradients([Number.NaN], [2]);
  t.true(Number.isNaN(clipGradNorm_(nothing, 1).item()));
  t.deepEqual(gradients(nothing)[1], [Number.NaN]);
});

test("gradients of several dtypes have one norm, in single precision where they are half", (t) => {
  const params = (["bfloat16", "float32", "float64"] as const).map((dtype) => {
    const parameter = new Parameter(torch.zeros([300], { dtype }));
    parameter.grad = torch.full([300], 1, { dtype });
    return parameter;
  });
  const norm = clipGradNorm_(params, 3);
  t.true(isNear(Number(norm.item()), 30, { terms: 900, dtype: "float32" }), `${norm.item()}`);
  for (const { grad, dtype } of params) {
    t.is(grad!.dtype, dtype);
    const off = Math.abs(Number(grad!.select(0, 7).item()) - 0.1);
    assertRounding(t, off / 0.1, rounding(dtype, { depth: 2, dtype: "float32" }), dtype);
  }
  const [{ grad }] = params;
  grad!.fill_(1e30); // its square is no single-precision number: the norm says so, and clips all
  t.is(clipGradNorm_(params, 3).item(), Infinity);
});

test("the norm outlives a scope inside of which nothing else is kept", (t) => {
  const params = withGradients([3, 0], [4]);
  const before = torch.memory().tensors;
  const norm = torch.scope(() => clipGradNorm_(params, 1));
  t.is(torch.memory().tensors, before + 1);
  t.is(norm.item(), 5);
});
