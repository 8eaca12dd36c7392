import { checkOptions } from "../torch/errors";
import { checkCount } from "./decays";
import { RateScheduler, type Schedulable } from "./rate-scheduler";

/** Options of `CosineAnnealingLR`. */
export interface CosineAnnealingOptions {
  /** The lowest rate; 0 by default. */
  readonly etaMin?: number;
}

/**
 * Down half a cosine to the lowest rate in tMax steps, and up again (Loshchilov and Hutter 2016, arXiv
 * 1608.03983).
 *
 * Throws RangeError for a `tMax` of 0 or less.
 */
export class CosineAnnealingLR extends RateScheduler {
  constructor(optimizer: Schedulable, tMax: number, options: CosineAnnealingOptions = {}) {
    const { etaMin = 0 } = checkOptions(new.target.name, options, ["etaMin"]);
    checkCount("tMax", tMax);
    super(optimizer, (step, base) => cosine(base, etaMin, step / tMax));
  }
}

/** Options of `CosineAnnealingWarmRestarts`. */
export interface WarmRestartsOptions extends CosineAnnealingOptions {
  /** How many times as long every cycle is as the one before: a whole number; 1 by default. */
  readonly tMult?: number;
}

/**
 * Down half a cosine in t0 steps, then from the top again, and again. `step(epoch + part)` goes to
 * a place within an epoch.
 *
 * Throws RangeError for a `t0` of 0 or less, and a `tMult` that is no whole number.
 */
export class CosineAnnealingWarmRestarts extends RateScheduler {
  constructor(optimizer: Schedulable, t0: number, options: WarmRestartsOptions = {}) {
    const { tMult = 1, etaMin = 0 } = checkOptions(new.target.name, options, ["tMult", "etaMin"]);
    checkCount("t0", t0);
    if (!(Number.isInteger(tMult) && tMult >= 1)) {
      throw new RangeError(`tMult takes a whole number of at least 1, given ${tMult}`);
    }
    super(optimizer, (step, base) => {
      let [start, length] = [0, t0];
      if (tMult === 1) start = Math.floor(step / t0) * t0;
      else
        while (step >= start + length) {
          start += length;
          length *= tMult;
        }
      return cosine(base, etaMin, (step - start) / length);
    });
  }
}

/** From one rate at 0 to another at 1. */
export function cosine(from: number, to: number, part: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * part))) / 2;
}
