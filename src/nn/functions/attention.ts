import type { Tensor } from "../../torch";
import * as torch from "../../torch";
import { dropout, linear, matmul, scaledDotProductAttention } from "../functional";
import { additive, padMask, togetherMask } from "../masks";
import { named } from "./named";

// PyTorch's attention of several heads, as a function of its weights.

/** The projections of an attention of width E and H heads. */
export interface HeadWeights {
  readonly numHeads: number;
  /** Of queries, keys and values together [3E,E], or one each. */
  readonly inProjWeight: Tensor | readonly [Tensor, Tensor, Tensor];
  readonly inProjBias: Tensor | null;
  /** A learned key and value [1,1,E] that are attended to beside the given ones. */
  readonly biasK: Tensor | null;
  readonly biasV: Tensor | null;
  readonly addZeroAttn: boolean;
  /** The projection of what was attended to [B,S,E]. */
  readonly outProj: (attended: Tensor) => Tensor;
}

/** What is masked, dropped and given out. */
export interface HeadOptions {
  /** [B,S'] true, or added to scores, at keys that nothing attends to. */
  readonly keyPaddingMask?: Tensor | null;
  /** [S,S'] or [B H,S,S'], true, or added to scores, where a query does not attend to a key. */
  readonly attnMask?: Tensor | null;
  /** Whether the attention weights are wanted too; true by default, false is faster. */
  readonly needWeights?: boolean;
  /** Whether weights are the mean over the heads [B,S,S'] or each head's [B,H,S,S']; true by default. */
  readonly averageAttnWeights?: boolean;
  /** The probability that an attention weight is dropped; 0 by default. */
  readonly dropoutP?: number;
  /** Keys and values [B H,S',E/H] in the place of those that are projected. */
  readonly staticK?: Tensor | null;
  readonly staticV?: Tensor | null;
}

/** query [B,S,E], key and value [B,S',..] -> out [B,S,E] and the weights, or null. */
export function attendHeads(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  weights: HeadWeights,
  options: HeadOptions,
): [out: Tensor, weights: Tensor | null] {
  const { keyPaddingMask = null, attnMask = null, needWeights = true } = options;
  const { averageAttnWeights = true, dropoutP = 0, staticK, staticV } = options;
  const { numHeads } = weights;
  const [batch, length, width] = query.shape;
  const [q, k, v] = projected(query, key, value, weights);
  const split = (x: Tensor) => x.unflatten(-1, [numHeads, width / numHeads]).transpose(1, 2);
  const given = (x: Tensor) => x.unflatten(0, [batch, numHeads]);
  const learned = (x: Tensor, bias: Tensor | null) =>
    bias ? torch.cat([x, bias.expand([batch, 1, -1])], 1) : x;
  const zeros = (x: Tensor) =>
    weights.addZeroAttn ? torch.cat([x, x.newZeros([batch, numHeads, 1, width / numHeads])], 2) : x;
  const queries = split(q);
  const keys = zeros(staticK ? given(staticK) : split(learned(k, weights.biasK)));
  const values = zeros(staticV ? given(staticV) : split(learned(v, weights.biasV)));
  const more = (mask: Tensor | null) =>
    padMask(additive(mask, query.dtype), keys.shape[2] - (mask?.shape.at(-1) ?? 0));
  const mask = togetherMask(more(attnMask), more(keyPaddingMask), batch);
  const joined = (attended: Tensor) =>
    weights.outProj(attended.transpose(1, 2).reshape([batch, length, width]));
  if (!needWeights) {
    const attended = scaledDotProductAttention(queries, keys, values, { attnMask: mask, dropoutP });
    return [joined(attended), null];
  }
  const scores = matmul(queries.mul(Math.sqrt(numHeads / width)), keys.mT);
  const all = torch.softmax(mask ? scores.add(mask) : scores, -1);
  const dropped = dropout(all, dropoutP, dropoutP > 0);
  const out = joined(matmul(dropped, values));
  return [out, averageAttnWeights ? dropped.mean(1) : dropped];
}

/** [B,S,..] -> queries, keys and values [B,S,E] */
function projected(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  { inProjWeight, inProjBias }: HeadWeights,
): readonly Tensor[] {
  const isOne = inProjWeight instanceof torch.Tensor;
  if (isOne && query === key && key === value) {
    return linear(query, inProjWeight, inProjBias).chunk(3, -1);
  }
  const [q, k, v] = isOne ? inProjWeight.chunk(3) : inProjWeight;
  const [a, b, c] = inProjBias?.chunk(3) ?? [null, null, null];
  return [linear(query, q, a), linear(key, k, b), linear(value, v, c)];
}

/** What `multiHeadAttentionForward` takes by name. */
export interface MultiHeadForwardOptions extends Omit<HeadOptions, "dropoutP"> {
  /** Whether attention weights are dropped; true by default. */
  readonly training?: boolean;
  /** Whether the projections' weights are the three below in the place of one; false by default. */
  readonly useSeparateProjWeight?: boolean;
  readonly qProjWeight?: Tensor | null;
  readonly kProjWeight?: Tensor | null;
  readonly vProjWeight?: Tensor | null;
  /** Tells that `attnMask`, which must be given, is causal; false by default. */
  readonly isCausal?: boolean;
}

/**
 * torch.nn.functional.multi_head_attention_forward: query [S,B,E], key and value [S',B,..], or without B -> out
 * [S,B,E] and the weights [B,S,S'], or null.
 *
 * Throws RangeError for another width than `embedDimToCheck`, and for heads that do not divide it.
 */
export function multiHeadAttentionForward(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  embedDimToCheck: number,
  numHeads: number,
  inProjWeight: Tensor | null,
  inProjBias: Tensor | null,
  biasK: Tensor | null,
  biasV: Tensor | null,
  addZeroAttn: boolean,
  dropoutP: number,
  outProjWeight: Tensor,
  outProjBias: Tensor | null,
  options: MultiHeadForwardOptions = {},
): [out: Tensor, weights: Tensor | null] {
  const what = "multiHeadAttentionForward";
  const names =
    "training keyPaddingMask needWeights attnMask useSeparateProjWeight qProjWeight kProjWeight " +
    "vProjWeight staticK staticV averageAttnWeights isCausal";
  const given = named<MultiHeadForwardOptions>(what, names, [options], {
    query,
    key,
    value,
    outProjWeight,
  });
  const { training = true, keyPaddingMask = null, attnMask = null } = given;
  if (query.shape.at(-1) !== embedDimToCheck || !Number.isInteger(embedDimToCheck / numHeads)) {
    throw new RangeError(
      `${what}: expected a width of ${embedDimToCheck} that ${numHeads} heads divide, given [${query.shape}]`,
    );
  }
  if (given.isCausal && !attnMask) {
    throw new RangeError(`${what}: isCausal tells what attnMask is, which must be given too`);
  }
  const { qProjWeight: q, kProjWeight: k, vProjWeight: v } = given;
  const separate = q && k && v ? ([q, k, v] as const) : null;
  const inProj = given.useSeparateProjWeight ? separate : inProjWeight;
  if (!inProj) throw new RangeError(`${what}: expected the projections' weights, given none`);
  const weights: HeadWeights = {
    numHeads,
    inProjWeight: inProj,
    inProjBias,
    biasK,
    biasV,
    addZeroAttn,
    outProj: (attended) => linear(attended, outProjWeight, outProjBias),
  };
  const isOne = query.ndim === 2;
  const first = (x: Tensor) => (isOne ? x.unsqueeze(0) : x.transpose(0, 1));
  const [a, b, c] = sameOnes([query, key, value], first);
  const [out, attention] = attendHeads(a, b, c, weights, {
    ...given,
    keyPaddingMask: isOne ? (keyPaddingMask?.unsqueeze(0) ?? null) : keyPaddingMask,
    dropoutP: training ? dropoutP : 0,
  });
  if (isOne) return [out.squeeze(0), attention?.squeeze(0) ?? null];
  return [out.transpose(0, 1), attention];
}

/** What is one tensor before is one after. */
export function sameOnes(
  [query, key, value]: readonly [Tensor, Tensor, Tensor],
  turn: (x: Tensor) => Tensor,
): [Tensor, Tensor, Tensor] {
  const first = turn(query);
  const second = key === query ? first : turn(key);
  return [first, second, value === query ? first : value === key ? second : turn(value)];
}
