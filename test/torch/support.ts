import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";

/** A value as arrays, numbers, bigints and booleans: what `toArray` and `item` give. */
export type Nested = number | bigint | boolean | Nested[];

/** Functions by name, without the types that would refuse a call that is wrong on purpose. */
export type Untyped = Record<string, (...args: unknown[]) => unknown>;

/** `torch` and a tensor without their types. */
export const loose = torch as unknown as Untyped;
export const looseMethods = (x: Tensor): Untyped => x as unknown as Untyped;

/** Relative to the largest value where that is above 1: what rounding differently may change. */
export const TOLERANCE: Readonly<Record<string, number>> = {
  float64: 1e-9,
  float32: 2e-5,
  complex128: 1e-9,
  complex64: 2e-5,
  float16: 4e-3,
  bfloat16: 3e-2,
};

/** Shape and dtype are equal, integers and booleans exact, floats to rounding, NaN equal to NaN. */
export function same(
  t: ExecutionContext,
  actual: Tensor,
  expected: Tensor,
  what: string,
  tolerance = TOLERANCE[expected.dtype] ?? 0,
): void {
  t.is(actual.dtype, expected.dtype, `${what}: dtype`);
  t.deepEqual(actual.shape, expected.shape, `${what}: shape`);
  const [found, wanted] = [numbers(actual), numbers(expected)];
  const largest = (most: number, value: number) => Math.max(most, Math.abs(value));
  const scale = wanted.filter(Number.isFinite).reduce(largest, 1);
  const wrong = wanted.findIndex(
    (value, n) => !Object.is(value, found[n]) && !(Math.abs(value - found[n]) <= tolerance * scale),
  );
  t.is(wrong, -1, `${what}: element ${wrong} is ${found[wrong]}, expected ${wanted[wrong]}`);
}

/** The elements in order. */
export function numbers(x: Tensor): number[] {
  const elements = [...x.detach().flatten().toTypedArray()];
  return elements.map((value) => Number(value) + 0);
}

/** Central differences of a scalar function at float64 x, of x's shape. */
export function numericalGradient(f: (x: Tensor) => Tensor, x: Tensor, step = 1e-5): Tensor {
  const flat = [...(x.detach().flatten().toTypedArray() as Float64Array)];
  const at = (n: number, offset: number) => {
    const moved = Float64Array.from(flat, (value, m) => (m === n ? value + offset : value));
    return Number(f(torch.tensor(moved, { shape: x.shape })).item());
  };
  const slopes = flat.map((_, n) => (at(n, step) - at(n, -step)) / (2 * step));
  return torch.tensor(Float64Array.from(slopes), { shape: x.shape });
}

/** A new folder, removed when the test ends. */
export function temporaryFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), "adaptune-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
