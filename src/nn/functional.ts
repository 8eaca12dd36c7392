import type { Tensor } from "../torch";
import * as torch from "../torch";
import { type PackedAttention, packingOf } from "./packing";

/** The count under way, null outside of `countFlops`: like the gradient mode, it is dynamic. */
let counter: { flops: number; readonly bySample: Float64Array } | null = null;

/**
 * Runs a synchronous function and counts the floating-point operations of its matrix products,
 * 2 m n k for [m,k] x [k,n], attention included, the backward not. Counts nest: what an inner
 * one counts counts in the outer one's total too.
 *
 * Of a batch of samples, `bySample` has each one's own part of what was not counted further inside:
 * packed rows are their sample's, all else is spread evenly.
 */
export function countFlops<T>(
  fn: () => T,
  samples = 1,
): { result: T; flops: number; bySample: Float64Array } {
  const outer = counter;
  const own = { flops: 0, bySample: new Float64Array(samples) };
  counter = own;
  try {
    const result = fn();
    return { result, ...own };
  } finally {
    counter = outer;
    if (outer) outer.flops += own.flops;
  }
}

/**
 * Counts operations on so many rows, by the shares that packed samples have of them.
 * @internal
 */
export function count(flops: number, rows: number, shares: readonly number[] | null = null): void {
  if (counter === null) return;
  const { bySample } = counter;
  counter.flops += flops;
  const known = shares ?? packingOf(rows)?.lengths;
  if (known?.length === bySample.length) {
    const total = shares ? shares.reduce((sum, share) => sum + share, 0) : rows;
    for (const [sample, share] of known.entries()) bySample[sample] += (flops * share) / total;
  } else {
    for (let sample = 0; sample < bySample.length; sample++) {
      bySample[sample] += flops / bySample.length;
    }
  }
}

export interface LinearFunctionOptions {
  /** Whether gelu (exact, by the error function) of the result is given. */
  readonly gelu?: boolean;
}

/** x [..,n], weight [m,n], bias [m] -> x weight^T + bias [..,m]: all big products come through here. */
export function linear(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  { gelu = false }: LinearFunctionOptions = {},
): Tensor {
  count(2 * x.numel() * weight.shape[0], x.shape[0]);
  torch.matrixProducts.settle(x.dtype);
  return torch.ops.adaptune.linear(x, weight, bias, { gelu }) as Tensor;
}

/** a [..,m,k] x b [..,k,n] -> [..,m,n], batched over leading dimensions. */
export function matmul(a: Tensor, b: Tensor): Tensor {
  const product = a.matmul(b);
  count(2 * product.numel() * a.shape[a.ndim - 1], a.shape[0]);
  return product;
}

export interface ConvOptions {
  /** Rows and columns from one window to the next; 1 by default. */
  readonly stride?: number;
  /** Zeros added on all four sides; 0 by default. */
  readonly padding?: number;
}

/** x [B,n,H,W], weight [m,n,k,l], bias [m] -> [B,m,H',W']. */
export function conv2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  { stride = 1, padding = 0 }: ConvOptions = {},
): Tensor {
  const out = torch.conv2d(x, weight, bias, [stride, stride], [padding, padding]);
  count((2 * out.numel() * weight.numel()) / weight.shape[0], x.shape[0]);
  return out;
}

export interface AttentionOptions {
  /** Added to the scores, or boolean with true where to attend: broadcasts to [B,H,S,S']. */
  readonly attnMask?: Tensor | null;
  /** Dropout probability of the attention weights; 0 by default. */
  readonly dropoutP?: number;
}

/** query [B,H,S,d], key and value [B,H,S',d] -> softmax(query key^T / sqrt(d) + mask) value [B,H,S,d]. */
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  { attnMask = null, dropoutP = 0 }: AttentionOptions = {},
): Tensor {
  count(2 * query.numel() * (key.shape[2] + value.shape[2]), query.shape[0]);
  return torch.scaledDotProductAttention(query, key, value, { attnMask, dropoutP });
}

/**
 * query [R,D], key and value [R',D], packed rows of the same samples -> [R,D]: each sample's queries
 * attend to its keys, in `heads` slices of D.
 */
export function packedAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  { queries, keys }: PackedAttention,
  { heads, dropoutP = 0 }: { readonly heads: number; readonly dropoutP?: number },
): Tensor {
  const pairs = queries.lengths.map((length, sample) => length * keys.lengths[sample]);
  const all = pairs.reduce((sum, each) => sum + each, 0);
  count(4 * all * query.shape[1], query.shape[0], pairs);
  return torch.ops.adaptune.packed_attention(
    query,
    key,
    value,
    [...queries.lengths],
    [...keys.lengths],
    heads,
    { dropoutP },
  ) as Tensor;
}

/** Normalises over the trailing dimensions `shape`. */
export function layerNorm(
  x: Tensor,
  shape: readonly number[],
  weight: Tensor | null = null,
  bias: Tensor | null = null,
  eps = 1e-5,
): Tensor {
  return torch.layerNorm(x, [...shape], weight, bias, eps);
}

/** ids [..] int64, weight [V,D] -> rows of the weight [..,D]; row `paddingIdx` gets no gradient. */
export function embedding(ids: Tensor, weight: Tensor, paddingIdx = -1): Tensor {
  return torch.embedding(weight, ids, paddingIdx);
}

/** Zeroes elements with probability p and scales the others by 1 / (1 - p), in training. */
export function dropout(x: Tensor, p = 0.5, training = true): Tensor {
  return training && p > 0 ? torch.dropout(x, p, true) : x;
}

/** x Phi(x), exact by the error function. */
export function gelu(x: Tensor): Tensor {
  return torch.gelu(x);
}

/** logits [B,C], classes [B] int64 -> mean negative log-likelihood. */
export function crossEntropy(logits: Tensor, classes: Tensor): Tensor {
  return torch.crossEntropyLoss(logits, classes);
}
