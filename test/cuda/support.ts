import test, { type ExecutionContext, type TestFn } from "ava";
import type { DType, Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { same } from "../torch/support";

/** A test that needs a CUDA device and an addon with kernels for it; skipped elsewhere. */
export const cudaTest = (
  torch.cuda.isAvailable() && torch.cuda.isBuilt() ? test.serial : test.skip
) as TestFn;

/** What differing orders of sums, and for the narrow types one rounding, may change. */
export const NEAR: Readonly<Partial<Record<DType, number>>> = {
  float64: 1e-10,
  float32: 1e-5,
  bfloat16: 2e-2,
  float16: 4e-3,
};

export const FLOATS = ["float32", "float64", "bfloat16", "float16"] as const;

/**
 * Runs a function of tensors on the CPU in float64 and on CUDA in a dtype, from the same values, and
 * compares what it gives and the gradients of a weighted sum of it.
 */
export function likeCpu(
  t: ExecutionContext,
  what: string,
  dtype: DType,
  values: readonly Tensor[],
  fn: (...inputs: Tensor[]) => Tensor | readonly Tensor[],
  tolerance = NEAR[dtype]!,
): void {
  // What a narrow type can not hold must not count as a difference.
  const rounded = values.map((value) => value.to(dtype).double());
  const expected = results(rounded, "cpu", "float64", fn);
  const found = results(rounded, "cuda", dtype, fn);
  t.is(found.length, expected.length, what);
  for (const [n, one] of found.entries()) {
    same(t, one, expected[n], `${what}, ${dtype}, result ${n}`, tolerance);
  }
}

/** What fn gives, and the gradient of every input, as float64 on the CPU. */
function results(
  values: readonly Tensor[],
  device: "cpu" | "cuda",
  dtype: DType,
  fn: (...inputs: Tensor[]) => Tensor | readonly Tensor[],
): Tensor[] {
  const inputs = values.map((value) => value.to({ device, dtype, copy: true }).requiresGrad_());
  const given = [fn(...inputs)].flat() as Tensor[];
  const learning = given.filter((one) => one.requiresGrad);
  const loss = learning
    .map((one) => one.double().mul(ramp(one)).sum())
    .reduce((sum, term) => sum.add(term));
  loss.backward();
  const gradients = inputs.map((input) => input.grad ?? torch.zerosLike(input));
  return [...given, ...gradients].map((one) => one.detach().to("cpu").double());
}

function ramp(like: Tensor): Tensor {
  return torch
    .arange(like.numel(), { dtype: "float64", device: like.device })
    .mul(0.7)
    .cos()
    .view(like.shape);
}
