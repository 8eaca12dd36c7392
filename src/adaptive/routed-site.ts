import { branchPoint, type Module } from "../nn";
import { noGrad, Tensor } from "../torch";
import type { Alternative } from "./alternative";
import type { Rows, SiteDecision } from "./decisions";
import { withoutUpdates } from "./low-rank";
import { blend, onRows, RoutedModule, rowSelector } from "./routed-module";
import type { Routing } from "./routing";
import type { Part } from "./site";

/**
 * A site that runs, for each row of a batch, the alternative that was picked for it.
 *
 *               +-- rows that picked 0 --> alternative 0 --+
 *     x [B,..] -+-- rows that picked 1 --> alternative 1 --+-> y [B,..] in batch order
 *               +-- rows that picked 2 --> alternative 2 --+
 *
 * A site with several results, such as a cross-modality block, blends each of them by the same
 * decision, whose gradient is then the sum over them. So is that of a site which runs twice.
 */
export class RoutedSite extends RoutedModule {
  /** Makes the alternatives of a site, which is number `position` of the routing. */
  constructor(
    site: Module,
    protected readonly position: number,
    alternatives: readonly Alternative[],
    protected readonly routing: Routing,
    part: Part = "module",
    label = "",
  ) {
    super(site, part, alternatives, label);
  }

  /**
   * Takes what the site's module takes, gives its result: a tensor [B, ...], or a list or record of
   * them. Tensors among the arguments lead with the batch, or with 1 for all rows.
   */
  override forward(...args: unknown[]): unknown {
    const decision = this.routing.at(this.position);
    const argsOf = rowSelector(args, decision.choice.length, decision.picked);
    const alike = branchPoint();
    const run = (rows: Rows, k: number) =>
      rows.numbers.length === 0 ? null : alike(() => this.run(k, rows, argsOf(rows)));

    const winners = decision.picked.map(run);
    if (!decision.gate.requiresGrad) return blendResults(decision, winners, []);
    const losers = noGrad(() => decision.compared.map(run));
    return blendResults(decision, winners, losers);
  }

  override merged(mask: readonly number[]): Module {
    return withoutUpdates(this.modules[mask[this.position]]);
  }

  private run(k: number, rows: Rows, args: readonly unknown[]): unknown {
    const { result, bySample } = onRows(rows, () => this.modules[k].forward(...args));
    this.routing.record(this.position, k, rows, bySample);
    return result;
  }
}

/** Blends tensors, and what lists and records hold at the same place. */
function blendResults(
  decision: SiteDecision,
  winners: readonly unknown[],
  losers: readonly unknown[],
): unknown {
  const example = winners.find((winner) => winner !== null);
  if (example instanceof Tensor) {
    const tensors = [winners, losers] as (Tensor | null)[][];
    return blend([decision], tensors[0], tensors[1]);
  }
  if (typeof example !== "object" || example === null || example === undefined) {
    throw new Error(`a routed site gave ${typeof example} where it has to give tensors`);
  }
  const at = (key: string) => {
    const under = (result: unknown) => (result ? (result as Record<string, unknown>)[key] : null);
    return blendResults(decision, winners.map(under), losers.map(under));
  };
  return Array.isArray(example)
    ? example.map((_, number) => at(String(number)))
    : Object.fromEntries(Object.keys(example).map((key) => [key, at(key)]));
}
