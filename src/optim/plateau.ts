import { checkOptions } from "../torch/errors";
import type { Schedulable } from "./rate-scheduler";

/** Options of `ReduceLROnPlateau`. */
export interface PlateauOptions {
  /** Whether the metric should fall or rise; "min" by default. */
  readonly mode?: "min" | "max";
  /** What the rate is multiplied by; 0.1 by default. */
  readonly factor?: number;
  /** How many steps without an improvement are waited for; 10 by default. */
  readonly patience?: number;
  /** How much better than the best is an improvement; 1e-4 by default. */
  readonly threshold?: number;
  /** Whether that is a part of the best, or absolute; "rel" by default. */
  readonly thresholdMode?: "rel" | "abs";
  /** How many steps do not count after a reduction; 0 by default. */
  readonly cooldown?: number;
  /** The lowest rate, of all groups or of each; 0 by default. */
  readonly minLr?: number | readonly number[];
  /** A smaller change of the rate is none; 1e-8 by default. */
  readonly eps?: number;
}

/** Plain numbers; `best` is null before the first step, as JSON has no infinity. */
export interface PlateauState {
  readonly best: number | null;
  readonly badSteps: number;
  readonly cooldown: number;
  readonly lastStep: number;
}

/**
 * Reduces the rates of all groups when a metric stops getting better.
 *
 * Throws RangeError for a factor of 1 or more.
 */
export class ReduceLROnPlateau {
  private best: number | null = null;
  private badSteps = 0;
  private cooldown = 0;
  private lastStep = 0;
  private readonly options: Required<PlateauOptions>;

  constructor(
    private readonly optimizer: Schedulable,
    options: PlateauOptions = {},
  ) {
    const {
      mode = "min",
      factor = 0.1,
      patience = 10,
      threshold = 1e-4,
      thresholdMode = "rel",
      cooldown = 0,
      minLr = 0,
      eps = 1e-8,
    } = checkOptions(new.target.name, options, [
      "mode",
      "factor",
      "patience",
      "threshold",
      "thresholdMode",
      "cooldown",
      "minLr",
      "eps",
    ]);
    if (!(factor < 1)) throw new RangeError(`factor ${factor} does not reduce a rate`);
    const { length } = optimizer.groups;
    if (typeof minLr !== "number" && minLr.length !== length) {
      throw new Error(`${minLr.length} lowest rates are given for ${length} parameter groups`);
    }
    this.options = { mode, factor, patience, threshold, thresholdMode, cooldown, minLr, eps };
  }

  /** Takes the metric of a step or an epoch. */
  step(metric: number): void {
    this.lastStep += 1;
    const isBetter = this.isBetter(metric);
    if (isBetter) this.best = metric;
    this.badSteps = isBetter ? 0 : this.badSteps + 1;
    if (this.cooldown > 0) {
      this.cooldown -= 1;
      this.badSteps = 0;
    }
    if (this.badSteps <= this.options.patience) return;
    this.reduce();
    this.cooldown = this.options.cooldown;
    this.badSteps = 0;
  }

  /** The learning rates of the groups as they are now. */
  getLastLr(): number[] {
    return this.optimizer.groups.map(({ lr }) => lr);
  }

  stateDict(): PlateauState {
    const { best, badSteps, cooldown, lastStep } = this;
    return { best, badSteps, cooldown, lastStep };
  }

  /** Goes on from a state; the learning rates are part of the optimizer's. */
  loadStateDict({ best, badSteps, cooldown, lastStep }: PlateauState): void {
    Object.assign(this, { best, badSteps, cooldown, lastStep });
  }

  private isBetter(metric: number): boolean {
    const { mode, threshold, thresholdMode } = this.options;
    const sign = mode === "min" ? -1 : 1;
    const best = this.best ?? -sign * Infinity;
    const bound = thresholdMode === "rel" ? best * (1 + sign * threshold) : best + sign * threshold;
    return sign * metric > sign * bound;
  }

  private reduce(): void {
    const { factor, minLr, eps } = this.options;
    for (const [number, group] of this.optimizer.groups.entries()) {
      const lowest = typeof minLr === "number" ? minLr : minLr[number];
      const lr = Math.max(group.lr * factor, lowest);
      if (group.lr - lr > eps) group.lr = lr;
    }
  }
}
