import {
  type AttentionMask,
  functional,
  Linear,
  type Module,
  MultiHeadAttention,
  PackedAttention,
} from "../nn";
import { cat, isAutocastEnabled, noGrad, ops, type Tensor } from "../torch";
import { isComparedWhole, type Rows, type SiteDecision } from "./decisions";

/** What an attention is given; x [B,S,D] and context [B,S',C], or packed rows. */
export interface HeadInputs {
  readonly x: Tensor;
  readonly mask: AttentionMask;
  readonly context: Tensor;
}

/** Tells that head h ran alternatives on the rows of each, with what FLOPs by sample. */
export type OnExecuted = (head: number, rowsOf: readonly Rows[], flops: readonly number[]) => void;

const projections = ["query", "key", "value"] as const;

/**
 * Whether all heads can run at once, whatever each of them picked: on the CPU, where every
 * alternative is a plain attention without dropout, and is compared everywhere or nowhere.
 */
export function canRunTogether(
  modules: readonly Module[],
  decisions: readonly SiteDecision[],
  { device }: Tensor,
): modules is readonly MultiHeadAttention[] {
  return (
    compareAtOnce(modules, device) &&
    (!decisions[0].gate.requiresGrad || decisions.every(isComparedWhole))
  );
}

/** Whether comparing all heads everywhere is done at once, so that sampling would save nothing. */
export function compareAtOnce(modules: readonly Module[], device: string): boolean {
  return device === "cpu" && !isAutocastEnabled("cpu") && modules.every(isPlainAttention);
}

function isPlainAttention(module: Module): boolean {
  if (!(module instanceof MultiHeadAttention)) return false;
  const isPlain = (linear: Module) => linear.constructor === Linear && (linear as Linear).bias;
  const drops = module.training && module.dropout > 0;
  return !drops && projections.every((name) => isPlain(module[name]));
}

/**
 * All heads of an attention, each with the query, key and value of what it picked, in three
 * products and one attention: the contexts [B,S,D] or [R,D].
 *
 * Where the gate learns, the products are those of every alternative, and a second attention is
 * that of the alternatives that lost, without a graph.
 */
export function runTogether(
  modules: readonly MultiHeadAttention[],
  decisions: readonly SiteDecision[],
  { x, mask, context }: HeadInputs,
  onExecuted: OnExecuted,
): Tensor {
  const [{ heads }] = modules;
  const compare = decisions[0].gate.requiresGrad;
  const choice = decisions.flatMap((decision) => decision.choice); // [H*B]
  const batch = decisions[0].choice.length;
  const lengths = lengthsOf(x, mask, "queries", batch);
  const keyLengths = lengthsOf(context, mask, "keys", batch);

  const project = (
    source: Tensor,
    names: readonly (typeof projections)[number][],
    rows: number[],
  ) =>
    ops.adaptune.select_linear(
      source.reshape([-1, source.size(-1)]),
      names.flatMap((name) => modules.map((module) => module[name].weight)),
      names.flatMap((name) => modules.map((module) => module[name].bias!)),
      names.length,
      choice,
      rows,
      heads,
      { compare },
    ) as Tensor[];
  const projected =
    x === context
      ? project(x, projections, lengths)
      : [...project(x, ["query"], lengths), ...project(context, ["key", "value"], keyLengths)];
  const turns = projected.length / projections.length;
  // What was picked at turn 0, then what is compared with it: query, key and value each.
  const attend = (turn: number) => {
    const parts = projections.map((_, n) => projected[n * turns + turn]);
    const [query, key, value] = parts.map((rows, n) =>
      rows.view([...(n === 0 ? x : context).shape.slice(0, -1), -1]),
    );
    return modules[0].attend(query, key, value, mask);
  };
  const { result } = functional.countFlops(() => {
    const picked = attend(0);
    if (!compare) return picked;
    const others = noGrad(() => Array.from({ length: turns - 1 }, (_, n) => rowsOf(attend(n + 1))));
    const gate = cat(decisions.map((decision) => decision.gate)); // [H B,K]
    const rows = rowsOf(picked);
    return ops.adaptune
      .compare_heads(rows, others, gate, choice, lengths, heads)
      .view(picked.shape) as Tensor;
  }, batch);

  const flops = flopsOfHead(modules[0], lengths, keyLengths);
  const tell = (which: "picked" | "compared") => {
    for (const [head, decision] of decisions.entries()) onExecuted(head, decision[which], flops);
  };
  tell("picked");
  if (compare) noGrad(() => tell("compared"));
  return result;
}

/** [..,D] -> [R,D] */
function rowsOf(states: Tensor): Tensor {
  return states.reshape([-1, states.size(-1)]);
}

/** How many rows each sample has. */
function lengthsOf(
  states: Tensor,
  mask: AttentionMask,
  which: "queries" | "keys",
  batch: number,
): number[] {
  if (mask instanceof PackedAttention) return [...mask[which].lengths];
  return Array<number>(batch).fill(states.shape[1]);
}

/** FLOPs of one head of each sample: its part of the projections, and its attention. */
function flopsOfHead(
  { query, key, value, heads }: MultiHeadAttention,
  lengths: readonly number[],
  keyLengths: readonly number[],
): number[] {
  const size = query.outFeatures / heads;
  return lengths.map((queries, sample) => {
    const keys = keyLengths[sample];
    const projected = queries * query.inFeatures + keys * (key.inFeatures + value.inFeatures);
    return 2 * size * projected + 4 * queries * keys * size;
  });
}
