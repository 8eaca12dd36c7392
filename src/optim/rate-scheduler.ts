/** What a scheduler steers: the learning rates of an optimizer's groups. */
export interface Schedulable {
  readonly groups: readonly ScheduledGroup[];
}

/** Of a parameter group, what a schedule changes. */
export interface ScheduledGroup {
  lr: number;
  /** The rate that schedules start from: the first of them sets it, those after it keep it. */
  initialLr?: number;
}

/** A group's learning rate at a step, counted from 0, from its initial one. */
export type Rate = (step: number, base: number, group: number) => number;

/** Where a scheduler is: plain numbers. */
export interface SchedulerState {
  readonly lastStep: number;
  readonly baseLrs: readonly number[];
}

/**
 * Sets each group's learning rate to what a rate makes of its initial one, at once for step 0 and then
 * with every `step()`, which is called after the optimizer's. A rate is a function of the step alone:
 * rates that something else changed in between are overwritten.
 */
export class RateScheduler {
  private lastStep = 0;
  private baseLrs: readonly number[];

  constructor(
    protected readonly optimizer: Schedulable,
    private readonly rate: Rate,
  ) {
    for (const group of optimizer.groups) group.initialLr ??= group.lr;
    this.baseLrs = optimizer.groups.map(({ initialLr, lr }) => initialLr ?? lr);
    this.apply(0);
  }

  /** Goes to the next step, or to a given one, which may be a part of a step. */
  step(step = this.lastStep + 1): void {
    this.lastStep = step;
    this.apply(step);
  }

  /** The learning rates of the groups as they are now. */
  getLastLr(): number[] {
    return this.optimizer.groups.map(({ lr }) => lr);
  }

  /** The learning rates of the groups at a step. */
  ratesAt(step: number): number[] {
    return this.baseLrs.map((base, group) => this.rate(step, base, group));
  }

  /** What `loadStateDict` goes on from. */
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
    this.apply(lastStep);
  }

  /** Whether this steers that optimizer. */
  steers(optimizer: Schedulable): boolean {
    return this.optimizer === optimizer;
  }

  protected apply(step: number): void {
    for (const [number, lr] of this.ratesAt(step).entries()) this.optimizer.groups[number].lr = lr;
  }
}
