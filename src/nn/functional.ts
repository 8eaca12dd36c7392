import type { Tensor } from "../torch";
import * as torch from "../torch";
import { nextSeed } from "./draws";
import { checkProbability } from "./functions/dropout";
import { type Named, named } from "./functions/named";
import { type PackedAttention, type Packing, packingOf, rowNumbers } from "./packing";
import { dropsInPart, hasStaticShapes, saltedRows, whereDropping } from "./static-shapes";

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

/** Options of `linear`. */
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

/** Options of `scaledDotProductAttention`. */
export interface AttentionOptions {
  /** Added to the scores, or boolean with true where to attend: broadcasts to [B,H,S,S']. */
  readonly attnMask?: Tensor | null;
  /** Dropout probability of the attention weights; 0 by default. */
  readonly dropoutP?: number;
  /** Whether nothing attends to what comes later, in the place of a mask; false by default. */
  readonly isCausal?: boolean;
  /** What scores are multiplied by; 1 / sqrt(d) by default. */
  readonly scale?: number | null;
  /** Whether each head of keys and values serves several of queries in turn; false by default. */
  readonly enableGqa?: boolean;
  /** Which of all heads these are, where not all run: they drop what they would among all. */
  readonly headNumbers?: readonly number[];
}

/** query [B,H,S,d], key and value [B,H,S',d] -> softmax(query key^T / sqrt(d) + mask) value [B,H,S,d]. */
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: AttentionOptions = {},
): Tensor {
  const { attnMask = null, dropoutP = 0, headNumbers = [], ...special } = options;
  if (options.isCausal && attnMask) {
    throw new RangeError("attention takes a mask or isCausal, one of both");
  }
  if (dropoutP > 0 && Object.keys(special).length > 0) {
    return torch.scope(() => {
      const plain = inPlainTerms(query, key, value, options);
      const rest = { attnMask: plain.mask, dropoutP, headNumbers };
      return scaledDotProductAttention(plain.query, plain.key, plain.value, rest);
    });
  }
  count(2 * query.numel() * (key.shape[2] + value.shape[2]), query.shape[0]);
  const seed = nextSeed(dropoutP > 0);
  const isByHead = [query, key, value].every(
    ({ ndim, shape }) => ndim === 4 && shape.every((size, n) => n === 2 || size === query.shape[n]),
  );
  const attend = (dropoutP: number) =>
    torch.scaledDotProductAttention(query, key, value, { attnMask, dropoutP, ...special });
  if (dropoutP === 0 || !isByHead) return attend(dropoutP);
  const dropped = torch.ops.adaptune.dropout_attention(
    query,
    key,
    value,
    attnMask,
    dropoutP,
    seed,
    {
      rows: drawnRows(query.select(1, 0)), // [B,S,d]
      heads: [...headNumbers],
    },
  ) as Tensor;
  return whereDropping(dropped, () => attend(0));
}

/** The same attention without what the operator that drops does not know. */
function inPlainTerms(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  { attnMask = null, isCausal = false, scale = null, enableGqa = false }: AttentionOptions,
): { query: Tensor; key: Tensor; value: Tensor; mask: Tensor | null } {
  const [length, width] = query.shape.slice(-2);
  const times = enableGqa ? query.shape[query.ndim - 3] / key.shape[key.ndim - 3] : 1;
  const shared = (x: Tensor) => (times === 1 ? x : x.repeatInterleave(times, -3));
  const { device } = query;
  const all = () => torch.ones([length, key.shape[key.ndim - 2]], { dtype: "bool", device });
  return {
    query: scale === null ? query : query.mul(scale * Math.sqrt(width)),
    key: shared(key),
    value: shared(value),
    mask: isCausal ? all().tril() : attnMask,
  };
}

/** Options of `packedAttention`. */
export interface PackedAttentionOptions extends Pick<AttentionOptions, "dropoutP" | "headNumbers"> {
  /** H, a divisor of D. */
  readonly heads: number;
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
  { heads, dropoutP = 0, headNumbers = [] }: PackedAttentionOptions,
): Tensor {
  const pairs = queries.lengths.map((length, sample) => length * keys.lengths[sample]);
  const all = pairs.reduce((sum, each) => sum + each, 0);
  count(4 * all * query.shape[1], query.shape[0], pairs);
  const seed = nextSeed(dropoutP > 0);
  const rowsOf = ({ numbers }: Packing) => torch.tensor(numbers, { device: query.device });
  const rows = dropoutP > 0 && { queryRows: rowsOf(queries), keyRows: rowsOf(keys) };
  return torch.ops.adaptune.packed_attention(
    query,
    key,
    value,
    [...queries.lengths],
    [...keys.lengths],
    heads,
    { dropoutP, seed, ...rows, headNumbers: [...headNumbers] },
  ) as Tensor;
}

/** Options of `layerNorm`. */
export interface LayerNormFunctionOptions {
  readonly weight?: Tensor | null;
  readonly bias?: Tensor | null;
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number;
}

/** Normalises over the trailing dimensions `shape`. */
export function layerNorm(
  x: Tensor,
  shape: readonly number[],
  ...args: Named<["weight", "bias", "eps"], LayerNormFunctionOptions>
): Tensor {
  const given = named<LayerNormFunctionOptions>("layerNorm", "weight bias eps", args, { x });
  const { weight = null, bias = null, eps = 1e-5 } = given;
  return torch.layerNorm(x, [...shape], weight, bias, eps);
}

/**
 * Zeroes elements with probability p and scales the others by 1 / (1 - p), in training. What is
 * dropped depends on the sample, the position in it and the column: `inForward` and `rowNumbers`. Throws
 * RangeError for a p outside of 0 and 1.
 */
export function dropout(
  x: Tensor,
  ...args: Named<["p", "training"], { readonly p?: number; readonly training?: boolean }>
): Tensor {
  const given = named<{ p?: number; training?: boolean }>("dropout", "p training", args, { x });
  const { p = 0.5, training = true } = given;
  checkProbability(p);
  const isDrawn = training && p > 0;
  const seed = nextSeed(isDrawn);
  if (!isDrawn) return x;
  return dropRows(x, p, seed);
}

function dropRows(x: Tensor, p: number, seed: number): Tensor {
  const dropped = torch.ops.adaptune.dropout(x, p, seed, { rows: drawnRows(x) }) as Tensor;
  return whereDropping(dropped, () => x);
}

/** Options of `addLayerNorm`. */
export interface AddLayerNormOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number;
  /** Which of several weights and biases each sample has, [B]. */
  readonly choice?: readonly number[];
  /** How many rows each of them has; as many each by default. */
  readonly lengths?: readonly number[];
  /** Which of them each row has, on the device, in the place of both: [R] int32. */
  readonly rowChoice?: Tensor;
}

/** Options of `dropoutAddLayerNorm`. */
export interface DropoutAddLayerNormOptions extends AddLayerNormOptions {
  /** Dropout probability of x in training; 0 by default. */
  readonly p?: number;
  readonly training?: boolean;
}

/**
 * LayerNorm(residual + dropout(x)) over the last dimension in one pass: x and residual [..,D], weight
 * and bias [D], or lists of them of which `choice` says each sample's.
 */
export function dropoutAddLayerNorm(
  x: Tensor,
  residual: Tensor,
  weight: Tensor | readonly Tensor[] | null,
  bias: Tensor | readonly Tensor[] | null,
  { p = 0, training = true, ...options }: DropoutAddLayerNormOptions = {},
): Tensor {
  const isDrawn = training && p > 0;
  const seed = nextSeed(isDrawn);
  if (!isDrawn) return addLayerNorm(x, residual, weight, bias, options);
  if (dropsInPart()) return addLayerNorm(dropRows(x, p, seed), residual, weight, bias, options);
  const drawn = { ...options, p, seed, rows: drawnRows(x) };
  return addLayerNorm(x, residual, weight, bias, drawn);
}

/** LayerNorm(residual + x), as `dropoutAddLayerNorm` without dropout; it draws nothing and has no seed. */
export function addLayerNorm(
  x: Tensor,
  residual: Tensor,
  weight: Tensor | readonly Tensor[] | null,
  bias: Tensor | readonly Tensor[] | null,
  { eps = 1e-5, choice = [], lengths = [], ...others }: AddLayerNormOptions = {},
): Tensor {
  // Under autocast a product is in its lower precision, and the residual, as norms are, in the model's.
  const added = x.dtype === residual.dtype ? x : x.to(residual.dtype);
  return torch.ops.adaptune.dropout_add_layer_norm(added, residual, listOf(weight), listOf(bias), {
    ...others,
    eps,
    choice: [...choice],
    lengths: [...lengths],
  }) as Tensor;
}

/** Who the rows of x [..,C] are to what is drawn; null for all in order. */
function drawnRows(x: Tensor): Tensor | null {
  return hasStaticShapes() ? saltedRows(x) : rowNumbers(x);
}

function listOf(given: Tensor | readonly Tensor[] | null): Tensor[] {
  if (given === null) return [];
  return given instanceof torch.Tensor ? [given] : [...given];
}

/** Options of `gelu`. */
export interface GeluOptions {
  /** "none", exact by the error function, by default; or "tanh" (Hendrycks and Gimpel 2016). */
  readonly approximate?: "none" | "tanh";
}

/** z Phi(z) of z = x + bias, exact by the error function, or of x as its options say: x [..,D], bias [D]. */
export function gelu(x: Tensor, bias: Tensor | GeluOptions | null = null): Tensor {
  if (bias !== null && !(bias instanceof torch.Tensor)) return torch.gelu(x, bias);
  return bias ? (torch.ops.adaptune.bias_gelu(x, bias) as Tensor) : torch.gelu(x);
}
