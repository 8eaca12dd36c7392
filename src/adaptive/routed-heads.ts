import {
  type AttentionMask,
  branchPoint,
  type Module,
  type MultiHeadAttention,
  PackedAttention,
} from "../nn";
import { cat, noGrad, type Tensor, tensor } from "../torch";
import type { Alternative } from "./alternative";
import type { Rows, SiteDecision } from "./decisions";
import { headsOf, type RunHeads } from "./heads";
import { canRunTogether, compareAtOnce, runTogether } from "./heads-together";
import { withoutUpdates } from "./low-rank";
import { mergeHeads } from "./merge-heads";
import { blend, onRows, RoutedModule, rowSelector } from "./routed-module";
import type { Routing } from "./routing";

/** Heads that the same rows run in. */
interface Group {
  readonly heads: readonly number[];
  readonly rows: Rows;
}

type HeadArguments = readonly [x: Tensor, mask: AttentionMask, context: Tensor];

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
    protected readonly positions: readonly number[],
    alternatives: readonly Alternative[],
    protected readonly routing: Routing,
  ) {
    super(attention, "head", alternatives);
  }

  /** Takes what the attention takes, gives its heads' contexts [B,S,D], or packed [R,D]. */
  override forward(x: Tensor, mask: AttentionMask = null, context: Tensor = x): Tensor {
    const decisions = this.positions.map((position) => this.routing.at(position));
    if (canRunTogether(this.modules, decisions, x)) {
      return runTogether(this.modules, decisions, { x, mask, context }, (head, ...executed) =>
        this.routing.recordAll(this.positions[head], ...executed),
      );
    }
    const argsOf = rowSelector<HeadArguments>([x, mask, context], decisions[0].choice.length);
    const alike = branchPoint();
    const run = (which: "picked" | "compared") => () =>
      this.modules.map((_, k) => this.run(k, groupsOf(decisions, which, k), argsOf, alike));

    const winners = run("picked")();
    const losers = decisions[0].gate.requiresGrad ? noGrad(run("compared")) : [];
    const contexts = blend(decisions, winners, losers); // [H B,S,d] or [H R,d]
    return contexts.unflatten(0, [decisions.length, x.shape[0]]).movedim(0, -2).flatten(-2);
  }

  /** The numbers of its decisions where all are compared at once; none where single ones can be. */
  comparedAtOnce(device: string): readonly number[] {
    return compareAtOnce(this.modules, device) ? this.positions : [];
  }

  override merged(mask: readonly number[]): Module {
    return mergeHeads(
      this.modules.map(withoutUpdates),
      this.positions.map((position) => mask[position]),
    );
  }

  /** The contexts of an alternative where it runs, head after head: [n,S,d] or [n,d]; null for nowhere. */
  private run(
    k: number,
    groups: readonly Group[],
    argsOf: (rows: Rows) => HeadArguments,
    alike: ReturnType<typeof branchPoint>,
  ): Tensor | null {
    if (groups.length === 0) return null;
    const run = headsOf(
      this.modules[k],
      groups.map(({ heads }) => heads),
    );
    const byHead: Tensor[] = []; // each [rows,S,d] or [rows,d]
    for (const [n, group] of groups.entries()) {
      const alone = () => this.runGroup(k, group, run[n], argsOf(group.rows));
      const contexts = alike(alone).unbind(1);
      for (const [place, head] of group.heads.entries()) byHead[head] = contexts[place];
    }
    return cat(byHead.filter((context) => context !== undefined));
  }

  /** [rows,heads,S,d] or [rows,heads,d] */
  private runGroup(
    k: number,
    { heads, rows }: Group,
    run: RunHeads,
    [x, mask, context]: HeadArguments,
  ): Tensor {
    const { result, bySample } = onRows(rows, () => run(x, maskOf(mask, heads), context));
    const byHead = bySample.map((flops) => flops / heads.length);
    for (const head of heads) this.routing.record(this.positions[head], k, rows, byHead);
    return result;
  }
}

/** Which heads run an alternative on which rows, those with the same rows together. */
function groupsOf(
  decisions: readonly SiteDecision[],
  which: "picked" | "compared",
  k: number,
): Group[] {
  const groups = new Map<Rows, number[]>();
  for (const [head, decision] of decisions.entries()) {
    const rows = decision[which][k];
    if (rows.numbers.length > 0) groups.set(rows, [...(groups.get(rows) ?? []), head]);
  }
  return [...groups].map(([rows, heads]) => ({ heads, rows }));
}

/** The mask of some heads where it is not the same for all: [..,H,S,S'] -> [..,heads,S,S']. */
function maskOf(mask: AttentionMask, heads: readonly number[]): AttentionMask {
  if (mask instanceof PackedAttention) return mask;
  const perHead = mask !== null && mask.ndim >= 3 && mask.size(-3) > 1;
  if (!perHead) return mask;
  return mask.indexSelect(-3, tensor([...heads], { dtype: "int64", device: mask.device }));
}
