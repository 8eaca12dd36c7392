import { RateScheduler, type Schedulable } from "./rate-scheduler";

/**
 * Schedules one after the other: each starts anew, at its step 0, at its milestone.
 *
 * Throws Error unless there is one milestone less than schedulers, all of this optimizer.
 */
export class SequentialLR extends RateScheduler {
  /** Milestones are the steps at which the second and later ones begin, one less than schedulers. */
  constructor(
    optimizer: Schedulable,
    schedulers: readonly RateScheduler[],
    milestones: readonly number[],
  ) {
    if (schedulers.length === 0 || milestones.length !== schedulers.length - 1) {
      throw new Error(
        `${schedulers.length} schedulers with ${milestones.length} milestones between`,
      );
    }
    if (!schedulers.every((scheduler) => scheduler.steers(optimizer))) {
      throw new Error("SequentialLR: its schedulers are of another optimizer");
    }
    super(optimizer, (step, _, group) => {
      const passed = milestones.filter((milestone) => milestone <= step);
      const start = passed.at(-1) ?? 0;
      return schedulers[passed.length].ratesAt(step - start)[group];
    });
  }
}
