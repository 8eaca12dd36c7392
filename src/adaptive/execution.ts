import { inForward, withoutPacking, withStaticShapes } from "../nn";
import { GroupedSite } from "./grouped";
import { MaskedHeads, MaskedSite } from "./masked";
import { RoutedHeads } from "./routed-heads";
import { RoutedIntermediate } from "./routed-intermediate";
import { RoutedSite } from "./routed-site";

/**
 * How an adapted model computes: `routed`, the fast way, runs what was picked; `masked`, the plain
 * way, runs everything and mixes, as a readable reference for tests and doubts; `static` computes in
 * shapes that depend on the inputs' alone and reads nothing, so that a device's work can be recorded.
 */
export type Execution = "routed" | "masked" | "static";

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
    run: inForward,
  },
  masked: {
    Site: MaskedSite,
    Intermediate: MaskedSite,
    Heads: MaskedHeads,
    run: (forward) => withoutPacking(() => inForward(forward)),
  },
  static: {
    Site: GroupedSite,
    Intermediate: GroupedSite,
    Heads: MaskedHeads,
    run: withStaticShapes,
  },
};

/** Throws for a name that is none. */
export function wayOf(execution: Execution): Way {
  const way: Way | undefined = ways[execution];
  if (way) return way;
  throw new Error(`execution is ${Object.keys(ways).join(", ")}, not ${execution}`);
}
