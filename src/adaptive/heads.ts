import { functional, Linear, type Module, MultiHeadAttention } from "../nn";
import type { Tensor } from "../torch";

/** Neighbouring heads of an attention, `count` of them from number `first` on. */
export interface HeadRange {
  readonly first: number;
  readonly count: number;
}

/** x [B,S,D], the mask for the range's heads, what is attended to [B,S',C] -> [B,heads,S,d]. */
export type RunHeads = (x: Tensor, mask: Tensor | null, context: Tensor) => Tensor;

/** What can run in place of some heads of an attention, each range apart. */
export interface InHeads extends Module {
  /** A function for every range, in the order of the ranges, which do not overlap. */
  inHeads(ranges: readonly HeadRange[]): RunHeads[];
}

/** A linear layer whose outputs can be computed piece by piece. */
export interface InPieces extends Module {
  readonly outFeatures: number;
  /** A function for every piece, x [..,n] -> [..,size]; the sizes sum up to all outputs. */
  inPieces(sizes: readonly number[]): ((x: Tensor) => Tensor)[];
}

/** How ranges of heads run in a module; throws for one that has no heads to tell apart. */
export function headsOf(module: Module, ranges: readonly HeadRange[]): RunHeads[] {
  if (module instanceof MultiHeadAttention) return attentionHeads(module, ranges);
  if ("inHeads" in module) return (module as InHeads).inHeads(ranges);
  throw new Error(
    `${module.constructor.name} can not run for single heads: it is no attention and has no inHeads`,
  );
}

/** Some outputs of a linear layer for every range of heads: [B,S,n] -> [B,heads,S,d]. */
export function piecesByHead(
  linear: Module,
  heads: number,
  ranges: readonly HeadRange[],
): ((x: Tensor) => Tensor)[] {
  const size = (linear as InPieces).outFeatures / heads; // d
  // One split, whose backward is one concatenation, however many ranges there are.
  const sizes: number[] = [];
  const places = ranges.map(() => 0);
  let next = 0;
  const inOrder = [...ranges.entries()].sort(([, a], [, b]) => a.first - b.first);
  for (const [number, { first, count }] of inOrder) {
    if (first > next) sizes.push((first - next) * size);
    places[number] = sizes.length;
    sizes.push(count * size);
    next = first + count;
  }
  if (next < heads) sizes.push((heads - next) * size);
  const pieces = inPieces(linear, sizes);
  return ranges.map(({ count }, number) => (x) => {
    const [batch, length] = x.shape;
    return pieces[places[number]](x).view([batch, length, count, size]).transpose(1, 2);
  });
}

function attentionHeads(attention: MultiHeadAttention, ranges: readonly HeadRange[]): RunHeads[] {
  const { heads, query, key, value, dropout, training } = attention;
  const [queries, keys, values] = [query, key, value].map((linear) =>
    piecesByHead(linear, heads, ranges),
  );
  return ranges.map((_, n) => (x, attnMask, context) => {
    const dropoutP = training ? dropout : 0;
    return functional.scaledDotProductAttention(
      queries[n](x),
      keys[n](context),
      values[n](context),
      {
        attnMask,
        dropoutP,
      },
    );
  });
}

function inPieces(linear: Module, sizes: readonly number[]): ((x: Tensor) => Tensor)[] {
  if (sizes.length === 1) return [(x) => linear.forward(x) as Tensor];
  if (linear instanceof Linear) return piecesOf(linear.weight, linear.bias, sizes);
  if ("inPieces" in linear) return (linear as InPieces).inPieces(sizes);
  throw new Error(`${linear.constructor.name} can not run for single heads: it has no inPieces`);
}

/** weight [m,n], bias [m] -> for every size of a piece, x [..,n] -> x weight^T + bias [..,size]. */
export function piecesOf(
  weight: Tensor,
  bias: Tensor | null,
  sizes: readonly number[],
): ((x: Tensor) => Tensor)[] {
  const weights = weight.splitWithSizes([...sizes], 0);
  const biases = bias?.splitWithSizes([...sizes], 0);
  return weights.map((piece, n) => (x) => functional.linear(x, piece, biases?.[n] ?? null));
}
