import { checkOptions } from "../torch/errors";
import { RateScheduler, type Schedulable } from "./rate-scheduler";

/** Options of `StepLR` and `MultiStepLR`. */
export interface GammaOptions {
  /** What the rate is multiplied by; 0.1 by default. */
  readonly gamma?: number;
}

/** Multiplies the rate by gamma every so many steps. Throws RangeError for a `stepSize` of 0 or less. */
export class StepLR extends RateScheduler {
  constructor(optimizer: Schedulable, stepSize: number, options: GammaOptions = {}) {
    const { gamma = 0.1 } = checkOptions(new.target.name, options, ["gamma"]);
    checkCount("stepSize", stepSize);
    super(optimizer, (step, base) => base * gamma ** Math.floor(step / stepSize));
  }
}

/** Multiplies the rate by gamma at each of some steps. */
export class MultiStepLR extends RateScheduler {
  constructor(optimizer: Schedulable, milestones: readonly number[], options: GammaOptions = {}) {
    const { gamma = 0.1 } = checkOptions(new.target.name, options, ["gamma"]);
    const passed = (step: number) => milestones.filter((milestone) => milestone <= step).length;
    super(optimizer, (step, base) => base * gamma ** passed(step));
  }
}

/** Multiplies the rate by gamma every step. */
export class ExponentialLR extends RateScheduler {
  constructor(optimizer: Schedulable, gamma: number) {
    super(optimizer, (step, base) => base * gamma ** step);
  }
}

/** Options of `ConstantLR`. */
export interface ConstantOptions {
  /** What the rate is multiplied by at first; 1/3 by default. */
  readonly factor?: number;
  /** For how many steps; 5 by default. */
  readonly totalIters?: number;
}

/** A part of the rate for some steps, then all of it. */
export class ConstantLR extends RateScheduler {
  constructor(optimizer: Schedulable, options: ConstantOptions = {}) {
    const { factor = 1 / 3, totalIters = 5 } = checkOptions(new.target.name, options, [
      "factor",
      "totalIters",
    ]);
    super(optimizer, (step, base) => base * (step < totalIters ? factor : 1));
  }
}

/** Options of `LinearLR`. */
export interface LinearOptions {
  /** What the rate is multiplied by at first; 1/3 by default. */
  readonly startFactor?: number;
  /** What the rate is multiplied by at last; 1 by default. */
  readonly endFactor?: number;
  /** In how many steps it gets there; 5 by default. */
  readonly totalIters?: number;
}

/**
 * From one part of the rate to another in a straight line.
 *
 * Throws RangeError for a `totalIters` of 0 or less.
 */
export class LinearLR extends RateScheduler {
  constructor(optimizer: Schedulable, options: LinearOptions = {}) {
    const {
      startFactor = 1 / 3,
      endFactor = 1,
      totalIters = 5,
    } = checkOptions(new.target.name, options, ["startFactor", "endFactor", "totalIters"]);
    checkCount("totalIters", totalIters);
    super(optimizer, (step, base) => {
      const done = Math.min(step, totalIters) / totalIters;
      return base * (startFactor + (endFactor - startFactor) * done);
    });
  }
}

/** Options of `PolynomialLR`. */
export interface PolynomialOptions {
  /** In how many steps the rate becomes 0; 5 by default. */
  readonly totalIters?: number;
  /** 1, a straight line, by default. */
  readonly power?: number;
}

/**
 * The rate times (1 - step / totalIters)^power, down to 0.
 *
 * Throws RangeError for a `totalIters` of 0 or less.
 */
export class PolynomialLR extends RateScheduler {
  constructor(optimizer: Schedulable, options: PolynomialOptions = {}) {
    const { totalIters = 5, power = 1 } = checkOptions(new.target.name, options, [
      "totalIters",
      "power",
    ]);
    checkCount("totalIters", totalIters);
    super(optimizer, (step, base) => base * (1 - Math.min(step, totalIters) / totalIters) ** power);
  }
}

/** Throws RangeError for a number of steps that is none. */
export function checkCount(what: string, value: number): void {
  if (value > 0) return;
  throw new RangeError(`${what} takes a number of steps above 0, given ${value}`);
}
