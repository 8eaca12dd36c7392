import { functional, type Module, type MultiHeadAttention } from "../nn";
import { cat, noGrad, type Tensor } from "../torch";
import type { Alternative } from "./alternative";
import type { Rows, SiteDecision } from "./decisions";
import { type HeadRange, headsOf, type RunHeads } from "./heads";
import { withoutUpdates } from "./low-rank";
import { mergeHeads } from "./merge-heads";
import { blend, RoutedModule, rowSelector } from "./routed-module";
import type { Routing } from "./routing";

/** Neighbouring heads that the same rows run in. */
interface HeadGroup extends HeadRange {
  readonly rows: Rows;
}

type HeadArguments = readonly [x: Tensor, mask: Tensor | null, context: Tensor];

/**
 * Attention in which every head of every input is a decision: the alternative's query, key and
 * value of that head make its context.
 *
 *     head 0: rows that picked 0 -- q k v of frozen, head 0 -- context --+
 *             rows that picked 1 -- q k v of tuned, head 0 --- context --+- [H B,S,d] -> [B,S,D]
 *     head 1: ..                                                         +
 *
 * What is blended is the context, which is what a head gives: the gradient of a decision is then
 * that of exchanging the head as a whole. Blending queries, keys and values would give the same
 * values, but a decision's gradient would miss that they only work together.
 */
export class RoutedHeads extends RoutedModule {
  /** Makes the alternatives of an attention; head h is number `positions[h]` of the routing. */
  constructor(
    attention: MultiHeadAttention,
    private readonly positions: readonly number[],
    alternatives: readonly Alternative[],
    private readonly routing: Routing,
  ) {
    super(attention, "head", alternatives);
  }

  /** Takes what the attention takes, gives its heads' contexts [B,S,D]. */
  override forward(x: Tensor, mask: Tensor | null = null, context: Tensor = x): Tensor {
    const decisions = this.positions.map((position) => this.routing.at(position));
    const gate = cat(decisions.map((decision) => decision.gate)); // [H B,K]
    const choice = cat(decisions.map((decision) => decision.choice)); // [H B]
    const argsOf = rowSelector<HeadArguments>([x, mask, context], x.shape[0]);
    const run = (which: "picked" | "others") => () =>
      this.modules.map((_, k) => this.run(k, groupsOf(decisions, which, k), argsOf));

    const winners = run("picked")();
    const losers = gate.requiresGrad ? noGrad(run("others")) : [];
    const contexts = blend(gate, choice, winners, losers); // [H B,S,d]
    return contexts
      .unflatten(0, [this.positions.length, x.shape[0]])
      .permute([1, 2, 0, 3])
      .flatten(2);
  }

  override merged(mask: readonly number[]): Module {
    return mergeHeads(
      this.modules.map(withoutUpdates),
      this.positions.map((position) => mask[position]),
    );
  }

  /** The contexts of an alternative for groups of heads, head after head: [n,S,d]; null for none. */
  private run(
    k: number,
    groups: readonly HeadGroup[],
    argsOf: (rows: Rows) => HeadArguments,
  ): Tensor | null {
    if (groups.length === 0) return null;
    const run = headsOf(this.modules[k], groups);
    const contexts = groups.map((group, n) => this.runGroup(k, group, run[n], argsOf(group.rows)));
    return contexts.length === 1 ? contexts[0] : cat(contexts);
  }

  /** [rows,heads,S,d], as heads by rows: [heads rows,S,d] */
  private runGroup(
    k: number,
    { first, count, rows }: HeadGroup,
    run: RunHeads,
    [x, mask, context]: HeadArguments,
  ): Tensor {
    const { result, flops } = functional.countFlops(() =>
      run(x, maskOf(mask, first, count), context),
    );
    for (const position of this.positions.slice(first, first + count)) {
      this.routing.record(position, k, rows, flops / count);
    }
    return result.transpose(0, 1).flatten(0, 1);
  }
}

/** Which heads run an alternative on which rows, neighbours with the same rows together. */
function groupsOf(
  decisions: readonly SiteDecision[],
  which: "picked" | "others",
  k: number,
): HeadGroup[] {
  const groups: HeadGroup[] = [];
  for (const [head, decision] of decisions.entries()) {
    const rows = decision[which][k];
    if (rows.numbers.length === 0) continue;
    const before = groups.at(-1);
    if (before && before.rows === rows && before.first + before.count === head) {
      groups[groups.length - 1] = { ...before, count: before.count + 1 };
    } else {
      groups.push({ first: head, count: 1, rows });
    }
  }
  return groups;
}

/** The mask of some heads where it is not the same for all: [..,H,S,S'] -> [..,count,S,S']. */
function maskOf(mask: Tensor | null, first: number, count: number): Tensor | null {
  const perHead = mask !== null && mask.ndim >= 3 && mask.size(-3) > 1;
  return perHead ? mask.narrow(-3, first, count) : mask;
}
