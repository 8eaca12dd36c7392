import { describe } from "./errors";

/** The most threads that `setNumThreads` and a recipe take: LibTorch starts as many, and more help nowhere. */
export const maximalThreads = 1024; // native/system.h has it too

/**
 * Throws TypeError unless a count of threads is a whole number of 1 to `maximalThreads`; `what` names where
 * it was given.
 */
export function checkThreads(what: string, count: unknown): asserts count is number {
  const isCount = Number.isInteger(count) && (count as number) >= 1;
  if (isCount && (count as number) <= maximalThreads) return;
  throw new TypeError(
    `${what}: expected an integer of 1 to ${maximalThreads}, given ${describe(count)}`,
  );
}
