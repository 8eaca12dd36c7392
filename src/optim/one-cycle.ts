import { checkOptions } from "../torch/errors";
import { cosine } from "./cosine";
import { RateScheduler, type Schedulable, type ScheduledGroup } from "./rate-scheduler";

/** Options of `OneCycleLR`, with PyTorch's defaults. */
export interface OneCycleOptions {
  /** How many steps there are; or else `epochs` times `stepsPerEpoch`. */
  readonly totalSteps?: number | null;
  readonly epochs?: number | null;
  readonly stepsPerEpoch?: number | null;
  /** In which part of the steps the rate rises; 0.3 by default. */
  readonly pctStart?: number;
  /** "cos" by default, or in straight lines, "linear". */
  readonly annealStrategy?: "cos" | "linear";
  /** Whether momentum, or Adam's first beta, falls where the rate rises; true by default. */
  readonly cycleMomentum?: boolean;
  /** The momentum where the rate is highest, of all groups or of each; 0.85 by default. */
  readonly baseMomentum?: number | readonly number[];
  /** The momentum where the rate is lowest, of all groups or of each; 0.95 by default. */
  readonly maxMomentum?: number | readonly number[];
  /** How much lower than the highest rate the first one is; 25 by default. */
  readonly divFactor?: number;
  /** How much lower than the first rate the last one is; 1e4 by default. */
  readonly finalDivFactor?: number;
  /** Whether the rate goes back to the first one in as many steps as it rose, and then to the last. */
  readonly threePhase?: boolean;
}

/** A group that has momentum, under one of two names. */
interface MomentumGroup extends ScheduledGroup {
  momentum?: number;
  betas?: readonly [number, number];
}

interface Phase {
  readonly end: number;
  readonly lr: readonly [from: number, to: number];
  readonly momentum: readonly [from: number, to: number];
}

/**
 * The rate up and down once, to the highest and then far below the first, momentum the other way
 * round (Smith and Topin 2017, arXiv 1708.07120). The rates that the groups have do not count.
 */
export class OneCycleLR extends RateScheduler {
  private readonly momentumAt: ((step: number, group: number) => number) | null;

  /** @throws Error where there is no number of steps, or no momentum that could cycle; at a step beyond the last. */
  constructor(
    optimizer: Schedulable,
    maxLr: number | readonly number[],
    options: OneCycleOptions = {},
  ) {
    const {
      totalSteps = null,
      epochs = null,
      stepsPerEpoch = null,
      pctStart = 0.3,
      annealStrategy = "cos",
      cycleMomentum = true,
      baseMomentum = 0.85,
      maxMomentum = 0.95,
      divFactor = 25,
      finalDivFactor = 1e4,
      threePhase = false,
    } = checkOptions(new.target.name, options, [
      "totalSteps",
      "epochs",
      "stepsPerEpoch",
      "pctStart",
      "annealStrategy",
      "cycleMomentum",
      "baseMomentum",
      "maxMomentum",
      "divFactor",
      "finalDivFactor",
      "threePhase",
    ]);
    const groups: readonly MomentumGroup[] = optimizer.groups;
    const total = totalSteps ?? (epochs ?? 0) * (stepsPerEpoch ?? 0);
    if (!(total > 0))
      throw new Error("OneCycleLR: totalSteps, or epochs and stepsPerEpoch, are missing");
    if (!(pctStart >= 0 && pctStart <= 1)) {
      throw new RangeError(`OneCycleLR: pctStart ${pctStart} is not within 0 and 1`);
    }
    const each = (given: number | readonly number[]) => forGroups(given, groups.length);
    const [highest, lowMomentum, highMomentum] = [maxLr, baseMomentum, maxMomentum].map(each);
    const phases = highest.map((top, group) =>
      phasesOf(
        { first: top / divFactor, top, last: top / divFactor / finalDivFactor },
        { low: lowMomentum[group], high: highMomentum[group] },
        { total, rise: pctStart * total, threePhase },
      ),
    );
    for (const [group, { lr }] of phases.map(([phase]) => phase).entries())
      groups[group].initialLr = lr[0];
    const anneal = annealStrategy === "cos" ? cosine : straight;
    const at = (step: number, group: number, what: "lr" | "momentum") =>
      valueAt(phases[group], step, total, what, anneal);
    super(optimizer, (step, _, group) => at(step, group, "lr"));
    this.momentumAt = cycleMomentum ? (step, group) => at(step, group, "momentum") : null;
    this.applyMomentum(0);
  }

  protected override apply(step: number): void {
    super.apply(step);
    this.applyMomentum(step);
  }

  private applyMomentum(step: number): void {
    if (!this.momentumAt) return; // not yet, in the constructor above
    for (const [number, group] of (this.optimizer.groups as MomentumGroup[]).entries()) {
      const momentum = this.momentumAt(step, number);
      if (group.betas) group.betas = [momentum, group.betas[1]];
      else if (group.momentum !== undefined) group.momentum = momentum;
      else throw new Error("OneCycleLR: groups have no momentum; set cycleMomentum to false");
    }
  }
}

function phasesOf(
  { first, top, last }: { first: number; top: number; last: number },
  { low, high }: { low: number; high: number },
  { total, rise, threePhase }: { total: number; rise: number; threePhase: boolean },
): Phase[] {
  const up: Phase = { end: rise - 1, lr: [first, top], momentum: [high, low] };
  const end = total - 1;
  if (!threePhase) return [up, { end, lr: [top, last], momentum: [low, high] }];
  return [
    up,
    { end: 2 * rise - 2, lr: [top, first], momentum: [low, high] },
    { end, lr: [first, last], momentum: [high, high] },
  ];
}

function valueAt(
  phases: readonly Phase[],
  step: number,
  total: number,
  what: "lr" | "momentum",
  anneal: (from: number, to: number, part: number) => number,
): number {
  if (step > total) throw new RangeError(`OneCycleLR: step ${step} is beyond its ${total} steps`);
  let start = 0;
  for (const [number, phase] of phases.entries()) {
    if (step <= phase.end || number === phases.length - 1) {
      const [from, to] = phase[what];
      return anneal(from, to, (step - start) / (phase.end - start));
    }
    start = phase.end;
  }
  throw new Error("there are no phases");
}

function straight(from: number, to: number, part: number): number {
  return (to - from) * part + from;
}

function forGroups(given: number | readonly number[], groups: number): readonly number[] {
  const all = typeof given === "number" ? Array.from({ length: groups }, () => given) : given;
  if (all.length === groups) return all;
  throw new Error(`OneCycleLR: ${all.length} values are given for ${groups} parameter groups`);
}
