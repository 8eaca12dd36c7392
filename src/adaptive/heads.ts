import {
  type AttentionMask,
  functional,
  Linear,
  type Module,
  MultiHeadAttention,
  PackedAttention,
} from "../nn";
import type { Tensor } from "../torch";
import * as torch from "../torch";

/** Heads of an attention, by number in ascending order, that run together. */
export type HeadGroup = readonly number[];

/**
 * x [B,S,D], the mask for the group's heads, what is attended to [B,S',C] -> [B,heads,S,d]; of
 * packed rows [R,D] and [R',C] -> [R,heads,d].
 */
export type RunHeads = (x: Tensor, mask: AttentionMask, context: Tensor) => Tensor;

/** What can run in place of some heads of an attention, each group apart. */
export interface InHeads extends Module {
  /** A function for every group, in their order; no head is in two of them. */
  inHeads(groups: readonly HeadGroup[]): RunHeads[];
}

/** Cuts a tensor whose first dimension is a layer's outputs into one piece a group. */
export type Cut = (tensor: Tensor) => Tensor[];

/** A linear layer whose outputs can be computed piece by piece. */
export interface InPieces extends Module {
  readonly outFeatures: number;
  /** A function for every piece, x [..,n] -> [..,piece]. */
  inPieces(cut: Cut): ((x: Tensor) => Tensor)[];
}

/** How groups of heads run in a module; throws for one that has no heads to tell apart. */
export function headsOf(module: Module, groups: readonly HeadGroup[]): RunHeads[] {
  if (module instanceof MultiHeadAttention) return attentionHeads(module, groups);
  if ("inHeads" in module) return (module as InHeads).inHeads(groups);
  throw new Error(
    `${module.constructor.name} can not run for single heads: it is no attention and has no inHeads`,
  );
}

function attentionHeads(attention: MultiHeadAttention, groups: readonly HeadGroup[]): RunHeads[] {
  const { heads, query, key, value, dropout, training } = attention;
  const dropoutP = training ? dropout : 0;
  const [queries, keys, values] = [query, key, value].map((linear) =>
    piecesOfLinear(linear, heads, groups),
  );
  return groups.map((headNumbers, n) => (x, mask, context) => {
    const { length: count } = headNumbers;
    const [q, k, v] = [queries[n](x), keys[n](context), values[n](context)];
    if (mask instanceof PackedAttention) {
      const options = { heads: count, dropoutP, headNumbers };
      const attended = functional.packedAttention(q, k, v, mask, options);
      return attended.unflatten(1, [count, -1]);
    }
    const [split, ...others] = [q, k, v].map((rows) => byHead(rows, count));
    return functional.scaledDotProductAttention(split, others[0], others[1], {
      attnMask: mask,
      dropoutP,
      headNumbers,
    });
  });
}

/** What linear layers give in the place of heads, for every group: as `RunHeads` does. */
export function linearHeads(
  linear: Module,
  heads: number,
  groups: readonly HeadGroup[],
): RunHeads[] {
  const outputs = piecesOfLinear(linear, heads, groups);
  return groups.map(
    ({ length: count }, n) =>
      (x) =>
        byHead(outputs[n](x), count),
  );
}

/** [B,S,n] -> [B,heads,S,d]; packed [R,n] -> [R,heads,d]. */
function byHead(rows: Tensor, heads: number): Tensor {
  const parts = rows.unflatten(-1, [heads, -1]);
  return rows.ndim === 3 ? parts.transpose(1, 2) : parts;
}

function piecesOfLinear(linear: Module, heads: number, groups: readonly HeadGroup[]) {
  if (groups.length === 1 && groups[0].length === heads) {
    return [(x: Tensor) => linear.forward(x) as Tensor];
  }
  const cut = cutter(heads, groups);
  if (linear instanceof Linear) return piecesOf(linear.weight, linear.bias, cut);
  if ("inPieces" in linear) return (linear as InPieces).inPieces(cut);
  throw new Error(`${linear.constructor.name} can not run for single heads: it has no inPieces`);
}

/** weight [m,n], bias [m] -> for every piece, x [..,n] -> x weight^T + bias [..,piece]. */
export function piecesOf(weight: Tensor, bias: Tensor | null, cut: Cut): ((x: Tensor) => Tensor)[] {
  const weights = cut(weight);
  const biases = bias && cut(bias);
  return weights.map((piece, n) => (x) => functional.linear(x, piece, biases?.[n] ?? null));
}

/** Cuts all at once, so that the backward puts all together at once, however many groups there are. */
function cutter(heads: number, groups: readonly HeadGroup[]): Cut {
  const apart = (tensor: Tensor) => tensor.unflatten(0, [heads, -1]); // [H,d,..]
  const join = (piece: Tensor) => piece.flatten(0, 1);
  if (groups.every((group) => group.at(-1)! - group[0] === group.length - 1)) {
    const { sizes, places } = neighbours(heads, groups);
    return (tensor) => {
      const pieces = apart(tensor).splitWithSizes(sizes, 0);
      return places.map((place) => join(pieces[place]));
    };
  }
  const order = groups.flat();
  const sizes = groups.map(({ length }) => length);
  return (tensor) => {
    const index = torch.tensor(order, { dtype: "int64", device: tensor.device });
    return apart(tensor).indexSelect(0, index).splitWithSizes(sizes, 0).map(join);
  };
}

/** The sizes that split all heads at the ends of groups of neighbours, and where the groups are. */
function neighbours(heads: number, groups: readonly HeadGroup[]) {
  const sizes: number[] = [];
  const places: number[] = [];
  let next = 0;
  for (const [first, n] of groups.map((group, n) => [group[0], n]).sort(([a], [b]) => a - b)) {
    if (first > next) sizes.push(first - next);
    places[n] = sizes.length;
    sizes.push(groups[n].length);
    next = first + groups[n].length;
  }
  if (next < heads) sizes.push(heads - next);
  return { sizes, places };
}
