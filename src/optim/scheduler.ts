import { RateScheduler, type Schedulable } from "./rate-scheduler";

/** The learning rate's multiplier at a step, counted from 0. */
export type Schedule = (step: number) => number;

/**
 * Sets each group's learning rate to its initial one times a schedule's multiplier, at once for
 * step 0 and then with every `step()`, which is called after the optimizer's.
 */
export class LRScheduler extends RateScheduler {
  constructor(optimizer: Schedulable, schedule: Schedule) {
    super(optimizer, (step, base) => base * schedule(step));
  }
}

/**
 * The initial rates times a function of the step, or each group's times one of its own.
 *
 * Throws Error for another number of functions than groups.
 */
export class LambdaLR extends RateScheduler {
  constructor(optimizer: Schedulable, lrLambda: Schedule | readonly Schedule[]) {
    const { length } = optimizer.groups;
    const all = typeof lrLambda === "function" ? optimizer.groups.map(() => lrLambda) : lrLambda;
    if (all.length !== length) {
      throw new Error(`${all.length} functions are given for ${length} parameter groups`);
    }
    super(optimizer, (step, base, group) => base * all[group](step));
  }
}

/**
 * From 0 up to 1 in `warmup` steps, then down to 0 at step `total`, in straight lines.
 *
 * Throws RangeError where the warm-up does not fit.
 */
export function linearWarmupDecay({ warmup, total }: { warmup: number; total: number }): Schedule {
  if (!(warmup >= 0 && total >= warmup)) {
    throw new RangeError(`a warm-up of ${warmup} steps does not fit in ${total} steps`);
  }
  return (step) =>
    step < warmup ? step / warmup : Math.max(0, (total - step) / Math.max(1, total - warmup));
}
