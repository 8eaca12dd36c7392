/** What a scheduler steers: the learning rates of an optimizer's groups. */
export interface Schedulable {
  readonly groups: readonly { lr: number }[];
}

/** The learning rate's multiplier at a step, counted from 0. */
export type Schedule = (step: number) => number;

/** Where a scheduler is: plain numbers. */
export interface SchedulerState {
  readonly lastStep: number;
  readonly baseLrs: readonly number[];
}

/**
 * Sets each group's learning rate to its initial one times a schedule's multiplier, at once for
 * step 0 and then with every `step()`, which is called after the optimizer's.
 */
export class LRScheduler {
  private lastStep = 0;
  private baseLrs: readonly number[];

  constructor(
    private readonly optimizer: Schedulable,
    private readonly schedule: Schedule,
  ) {
    this.baseLrs = optimizer.groups.map(({ lr }) => lr);
    this.apply();
  }

  step(): void {
    this.lastStep += 1;
    this.apply();
  }

  /** The learning rates of the groups as they are now. */
  getLastLr(): number[] {
    return this.optimizer.groups.map(({ lr }) => lr);
  }

  stateDict(): SchedulerState {
    return { lastStep: this.lastStep, baseLrs: [...this.baseLrs] };
  }

  /** Goes on from a state; throws where it is of another number of groups. */
  loadStateDict({ lastStep, baseLrs }: SchedulerState): void {
    const { length } = this.optimizer.groups;
    if (baseLrs.length !== length) {
      throw new Error(`the state is of ${baseLrs.length} groups, the optimizer has ${length}`);
    }
    this.lastStep = lastStep;
    this.baseLrs = [...baseLrs];
    this.apply();
  }

  private apply(): void {
    const multiplier = this.schedule(this.lastStep);
    for (const [number, group] of this.optimizer.groups.entries()) {
      group.lr = this.baseLrs[number] * multiplier;
    }
  }
}

/** From 0 up to 1 in `warmup` steps, then down to 0 at step `total`, in straight lines. */
export function linearWarmupDecay({ warmup, total }: { warmup: number; total: number }): Schedule {
  if (!(warmup >= 0 && total >= warmup)) {
    throw new RangeError(`a warm-up of ${warmup} steps does not fit in ${total} steps`);
  }
  return (step) =>
    step < warmup ? step / warmup : Math.max(0, (total - step) / Math.max(1, total - warmup));
}
