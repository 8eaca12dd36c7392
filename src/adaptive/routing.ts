import { isGradEnabled, type Tensor } from "../torch";
import type { DecisionSpace, Decisions, Rows, SiteDecision } from "./decisions";

/**
 * How many rows one alternative of one site has run on. Where static execution runs groups of rows, the
 * device alone knows: these are not counted.
 */
export interface ExecutedRows {
  readonly site: string;
  readonly alternative: string;
  /** Rows of forwards that kept a graph for the backward. */
  readonly withGradient: number;
  /** Rows of forwards for their values alone. */
  readonly withoutGradient: number;
}

/**
 * What the routed sites of one model share: the decisions of the forward under way, so that the
 * model between them never knows, and the account of what they ran.
 */
export class Routing {
  private decisions: Decisions | null = null;
  private flops = new Float64Array();
  private readonly counts: { withGradient: number; withoutGradient: number }[][];

  constructor(readonly space: DecisionSpace) {
    this.counts = space.sites.map(() => space.alternatives.map(() => ({ ...NOTHING_RUN })));
  }

  /**
   * Runs a forward under its decisions; gives its outputs and the FLOPs [B] that routed sites spent
   * on each row (null for both where nothing is decided). Throws when one is under way already.
   */
  during<T>(
    decisions: Decisions | null,
    forward: () => T,
  ): { outputs: T; flops: Float64Array | null } {
    if (decisions === null) return { outputs: forward(), flops: null };
    if (this.decisions) {
      throw new Error("a forward of this adapted model is under way: it does not nest");
    }
    this.decisions = decisions;
    this.flops = new Float64Array(decisions.batch);
    try {
      return { outputs: forward(), flops: this.flops };
    } finally {
      this.decisions = null;
    }
  }

  /** The decision at site n of the forward under way; throws outside of one. */
  at(site: number): SiteDecision {
    return this.underWay(site).sites[site];
  }

  /** Of that decision what is on the device: the gate [B,K], and the choice [B] int64. */
  onDevice(site: number): { gate: Tensor; choice: Tensor } {
    return this.underWay(site).onDevice[site];
  }

  /** Records that alternative k of site n ran on some rows, and what it spent on each of them. */
  record(site: number, k: number, rows: Rows, flops: Float64Array): void {
    const mode = isGradEnabled() ? "withGradient" : "withoutGradient";
    this.counts[site][k][mode] += rows.numbers.length;
    this.spend(rows, flops);
  }

  /** Records what was spent on some rows alone, by whatever only the device knows ran on them. */
  spend(rows: Rows, flops: Float64Array): void {
    for (const [n, row] of rows.numbers.entries()) this.flops[row] += flops[n];
  }

  /** Records that the alternatives of site n ran on the rows of each, with FLOPs by input. */
  recordAll(site: number, rowsOf: readonly Rows[], flops: readonly number[]): void {
    for (const [k, rows] of rowsOf.entries()) {
      if (rows.numbers.length === 0) continue;
      this.record(
        site,
        k,
        rows,
        Float64Array.from(rows.numbers, (number) => flops[number]),
      );
    }
  }

  private underWay(site: number): Decisions {
    if (this.decisions) return this.decisions;
    throw new Error(
      `site "${this.space.sites[site]}" is routed: call the adapted model, which decides, not its parts`,
    );
  }

  /** What ran since the start or the last `reset`, by site and alternative. */
  get executed(): ExecutedRows[] {
    return this.space.sites.flatMap((site, n) =>
      this.space.alternatives.map((alternative, k) => ({
        site,
        alternative,
        ...this.counts[n][k],
      })),
    );
  }

  reset(): void {
    for (const count of this.counts.flat()) Object.assign(count, NOTHING_RUN);
  }
}

const NOTHING_RUN = { withGradient: 0, withoutGradient: 0 } as const;
