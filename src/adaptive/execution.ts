import { withoutPacking } from "../nn";
import { MaskedHeads, MaskedSite } from "./masked";
import { RoutedHeads } from "./routed-heads";
import { RoutedIntermediate } from "./routed-intermediate";
import { RoutedSite } from "./routed-site";

/**
 * How an adapted model computes: `routed`, the fast way, runs what was picked; `masked`, the plain
 * way, runs everything and mixes, as a readable reference for tests and doubts.
 */
export type Execution = "routed" | "masked";

/** What sites become, and how a forward of the model around them runs. */
export interface Way {
  readonly Site: typeof RoutedSite;
  readonly Intermediate: typeof RoutedSite;
  readonly Heads: typeof RoutedHeads;
  run<T>(forward: () => T): T;
}

const ways: Readonly<Record<Execution, Way>> = {
  routed: {
    Site: RoutedSite,
    Intermediate: RoutedIntermediate,
    Heads: RoutedHeads,
    run: (forward) => forward(),
  },
  masked: { Site: MaskedSite, Intermediate: MaskedSite, Heads: MaskedHeads, run: withoutPacking },
};

/** Throws for a name that is none. */
export function wayOf(execution: Execution): Way {
  const way: Way | undefined = ways[execution];
  if (way) return way;
  throw new Error(`execution is ${Object.keys(ways).join(" or ")}, not ${execution}`);
}
