import type { ExecutionContext } from "ava";
import type { Module } from "../../src/nn";
import type { Tensor } from "../../src/torch";
import { below, distance, reference, weightedSum } from "../reference/load";

const values = reference("nn");

/** A tensor of the reference script. */
export function given(name: string): Tensor {
  const tensor = values[name];
  if (!tensor) throw new Error(`the reference has no ${name}`);
  return tensor;
}

/** Checks a module's output and all gradients in float64 against a case of the reference script. */
export function matchesReference(
  t: ExecutionContext,
  module: Module,
  name: string,
  input = "x",
): void {
  const reference = below(values, name);
  module.to("float64").loadStateDict(pick(reference, Object.keys(module.stateDict())));
  const x = reference[input].clone();
  if (x.isFloatingPoint()) x.requiresGrad_();
  const out = module.forward(x) as Tensor;
  close(t, out, reference.out, `${name}.out`);
  weightedSum(out).backward();
  const gradients = below(reference, "grad");
  for (const [weight, expected] of Object.entries(gradients)) {
    const tensor = weight === input ? x : module.stateDict()[weight];
    close(t, tensor.grad!, expected, `${name}.grad.${weight}`);
  }
}

export function close(
  t: ExecutionContext,
  actual: Tensor,
  expected: Tensor,
  what: string,
  tolerance = 1e-10,
): void {
  t.deepEqual(actual.shape, expected.shape, what);
  const off = distance(actual, expected);
  t.true(off <= tolerance, `${what} is off by ${off}`);
}

function pick(state: Readonly<Record<string, Tensor>>, names: string[]): Record<string, Tensor> {
  return Object.fromEntries(names.map((name) => [name, state[name]]));
}
