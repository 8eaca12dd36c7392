// How far two correct computations of the same numbers may lie apart: the one place that says it.
//
// Processors, libraries and numbers of threads add the same terms in another order, in blocks, and
// with or without fused multiplications. A sum of n terms in a dtype with unit roundoff u is off by
// at most n u / (1 - n u), whatever the order (Higham, Accuracy and Stability of Numerical
// Algorithms, 2nd ed., 2002, equations 3.5 and 4.4), relative to the sum of the terms' magnitudes.
// Rounding errors of both signs cancel, so that what is seen is near sqrt(n) u: more than
// lambda sqrt(n) u has a probability of at most 2 n exp(-lambda^2 / 2) (Higham & Mary, A New Approach
// to Probabilistic Rounding Error Analysis, SIAM J. Sci. Comput. 41(5), 2019, theorem 3.1): one in
// 30,000 for sums of a thousand terms, by a bound that what is measured stays far below.
//
// Roundings of results in succession are as independent, so that d of them make sqrt(d) of one.
// Half precision is summed in single precision and rounded once, for each result that is stored.
import type { ExecutionContext } from "ava";

/** What is computed: a caller says this, and never a number that happened to do. */
export interface Sum {
  /** Terms of the longest sum: the inputs of a layer, or the rows of a batch for its weight's gradient. */
  readonly terms?: number;
  /** Results in succession, each of which is rounded and feeds the next. */
  readonly depth?: number;
  /** How many times as much as an operand a result changes: above 1 for inverses, norms of few values, cancellation. */
  readonly condition?: number;
  /** Independent draws, where shares of them are compared with probabilities: chance, not rounding. */
  readonly draws?: number;
  /** The step of central differences, where a slope is compared with them. */
  readonly step?: number;
  /** The narrowest dtype on the way, where that is not one of what is compared. */
  readonly dtype?: string;
}

/** Nothing is rounded in another way: the same code does the same with the same shapes. */
export const EXACT: Sum = { condition: 0 };

/** An operator and its gradient at the sizes that tests have. */
export const OPERATOR: Sum = { terms: 1024, depth: 2 };

/** Slopes of an operator against central differences, by the step of numericalGradient. */
export const DIFFERENCES: Sum = { ...OPERATOR, step: 1e-5 };

/** An output of the small models that tests make: sums over up to 32 numbers, some 20 in succession a block. */
export const OUTPUT: Sum = { terms: 32, depth: 80 };

/** A gradient of theirs: back through all of that, a weight's summed over the rows of a batch. */
export const GRADIENT: Sum = { terms: 192, depth: 240 };

/** Weights after a dozen steps of an optimizer, each a few roundings on the last. */
export const UPDATES: Sum = { depth: 120 };

/** A loss after a few steps: what differs in a gradient moves the weights of the next. */
export const TRAINING: Sum = { ...GRADIENT, condition: 6, dtype: "float32" };

/** Gradients each relative to their own largest entry, as a key's bias whose terms cancel. */
const CANCELLED: Sum = { ...GRADIENT, condition: 10 };

const LAMBDA = 6;

/** Half of the distance from 1 to the next number. */
const unitRoundoff: Readonly<Record<string, number>> = {
  float64: 2 ** -53,
  complex128: 2 ** -53,
  float32: 2 ** -24,
  complex64: 2 ** -24,
  float16: 2 ** -11,
  complex32: 2 ** -11,
  bfloat16: 2 ** -8,
};

/** Those models as published code is compared with: dtype, tolerance of outputs, of gradients. */
export const modelRounding = (["float64", "float32"] as const).map(
  (dtype) => [dtype, rounding(dtype, OUTPUT), rounding(dtype, CANCELLED)] as const,
);

/** The tolerance of a dtype, relative to the largest value; 0 for what is exact. */
export function rounding(dtype: string, sum: Sum = {}): number {
  const { terms = 1, depth = 1, condition = 1, draws, step } = sum;
  if (draws) return (LAMBDA * 0.5) / Math.sqrt(draws); // a share's standard error is at most 0.5 / sqrt(draws)
  const u = unitRoundoff[narrower(dtype, sum.dtype ?? dtype)] ?? 0;
  const accumulated = Math.min(u, unitRoundoff.float32);
  const rounded = Math.sqrt(depth) * Math.max(u, Math.sqrt(terms) * accumulated);
  // Central differences leave out step^2 / 6 of the third derivative and divide by the step.
  const relative = step ? step ** 2 + rounded / step : rounded;
  return LAMBDA * condition * relative;
}

/** The one of two dtypes that rounds more. */
function narrower(one: string, other: string): string {
  return (unitRoundoff[one] ?? 0) >= (unitRoundoff[other] ?? 0) ? one : other;
}

/** Whether two numbers are equal to rounding, relative to the expected one where that is above 1. */
export function isNear(actual: number, expected: number, sum: Sum = {}): boolean {
  const tolerance = rounding("float64", sum) * Math.max(1, Math.abs(expected));
  return Math.abs(actual - expected) <= tolerance;
}

/** A tensor of src/ or of the compiled package. */
interface Comparable {
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** The tolerance between two tensors: that of the narrower dtype. */
export function roundingBetween(actual: Comparable, expected: Comparable, sum: Sum = {}): number {
  return rounding(narrower(actual.dtype, expected.dtype), sum);
}

/** Asserts that a difference, relative to the largest value, is rounding alone. */
export function assertRounding(
  t: ExecutionContext,
  off: number,
  tolerance: number,
  what: string,
): void {
  t.true(off <= tolerance, `${what} is off by ${off}, rounding explains ${tolerance}`);
}
