import type { Tensor } from "../../torch";
import { checkOptions } from "../../torch/errors";
import type { DecisionSpace } from "../decisions";
import { RandomNumbers } from "../random";
import { majority } from "./majority";
import type { DecisionSummary } from "./statistics";

/** The accuracy of a model under its policy's decisions and under three that it is held against. */
export interface Controls {
  /** Each input its own decisions. */
  readonly learned: number;
  /** All inputs what most of them picked, site by site. */
  readonly majority: number;
  /** Each input another one's decisions. */
  readonly shuffled: number;
  /** Decisions by chance, each alternative as often at every site as the policy picked it. */
  readonly random: number;
}

/** All there is to say about a policy after an evaluation: plain data. */
export interface Diagnostics extends DecisionSummary {
  /** Absent where they were not measured. */
  readonly controls?: Controls;
}

/** Decisions [count,N] for `count` inputs from number `first` on, in the order they were added. */
export type DecisionsOf = (first: number, count: number) => number[][];

export type ControlName = Exclude<keyof Controls, "learned">;

/** Keeps every decision of an evaluation and makes of them what a policy is held against. */
export class DecisionRecord {
  private readonly batches: Uint8Array[] = [];

  constructor(private readonly space: DecisionSpace) {
    if (space.alternatives.length > 256)
      throw new RangeError("sites have 256 alternatives at most");
  }

  /** Adds a batch: choice [B,N] int64. */
  add(choice: Tensor): void {
    this.batches.push(Uint8Array.from(choice.toTypedArray(), Number));
  }

  /** The decisions of all inputs so far under each control; chance is that of the seed. */
  controls(seed = 0): Readonly<Record<ControlName, DecisionsOf>> {
    const rows = this.rows();
    const usage = this.usage(rows);
    const most = usage.map(majority);
    const order = derangement(rows.length, new RandomNumbers(seed, 1));
    return {
      majority: (_first, count) => Array.from({ length: count }, () => most),
      shuffled: (first, count) => order.slice(first, first + count).map((row) => [...rows[row]]),
      random: (first, count) =>
        Array.from({ length: count }, (_, i) => {
          const random = new RandomNumbers(seed, 2 + first + i);
          return usage.map((shares) => draw(shares, random.next() * rows.length));
        }),
    };
  }

  /** The decisions of each input. */
  private rows(): Uint8Array[] {
    const n = this.space.sites.length;
    return this.batches.flatMap((batch) =>
      Array.from({ length: batch.length / n }, (_, b) => batch.subarray(b * n, (b + 1) * n)),
    );
  }

  /** How many inputs picked each alternative, by site: [N][K]. */
  private usage(rows: readonly Uint8Array[]): number[][] {
    const { sites, alternatives } = this.space;
    const counts = sites.map(() => alternatives.map(() => 0));
    for (const row of rows) for (const [n, k] of row.entries()) counts[n][k]++;
    return counts;
  }
}

/**
 * Measures a model under all controls, after an evaluation whose accuracy is `learned`. `accuracy`
 * evaluates the same inputs in the same order under given decisions.
 */
export async function measureControls(
  record: DecisionRecord,
  learned: number,
  accuracy: (decisions: DecisionsOf, name: ControlName) => number | Promise<number>,
  options: { readonly seed?: number } = {},
): Promise<Controls> {
  const { seed = 0 } = checkOptions("measureControls", options, ["seed"]);
  const { majority, shuffled, random } = record.controls(seed);
  return {
    learned,
    majority: await accuracy(majority, "majority"),
    shuffled: await accuracy(shuffled, "shuffled"),
    random: await accuracy(random, "random"),
  };
}

/** The alternative at a place, from 0 to the sum of all counts, when they are laid end to end. */
function draw(counts: readonly number[], place: number): number {
  let left = place;
  const found = counts.findIndex((count) => {
    left -= count;
    return left < 0;
  });
  return found < 0 ? majority(counts) : found;
}

/** A random cycle through all of 0 .. length - 1 (Sattolo 1986): no one keeps its place. */
function derangement(length: number, random: RandomNumbers): number[] {
  const order = [...Array(length).keys()];
  for (let i = length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * i);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
