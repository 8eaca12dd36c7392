import type { Tensor } from "../torch";
import { packedAttention, scaledDotProductAttention } from "./functional";
import { type FactoryOptions, Linear } from "./linear";
import { Module } from "./module";
import { type AttentionMask, PackedAttention } from "./packing";

export interface AttentionSize extends FactoryOptions {
  /** Width of the keys' and values' source; that of the queries by default. */
  readonly contextSize?: number;
  /** Dropout probability of the attention weights in training; 0 by default. */
  readonly dropout?: number;
  /** Whether queries, keys and values have biases; true by default. */
  readonly bias?: boolean;
}

/**
 * Attention of H heads side by side (Vaswani et al. 2017, arXiv 1706.03762, section 3.2), up to the
 * heads' concatenation: what follows it, such as an output projection, is a module of its own.
 *
 *     x [B,S,D] --query--> [B,H,S,d] --+
 *     context   --key----> [B,H,S',d] -+- softmax(q k^T / sqrt(d) + mask) v -> [B,S,D]
 *     [B,S',C]  --value--> [B,H,S',d] -+
 */
export class MultiHeadAttention extends Module {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly dropout: number;

  /** `size` is D. Throws when the heads do not divide it. */
  constructor(
    size: number,
    readonly heads: number,
    { contextSize = size, dropout = 0, ...linear }: AttentionSize = {},
  ) {
    super();
    if (!Number.isInteger(size / heads)) {
      throw new RangeError(`${heads} attention heads do not divide the width ${size}`);
    }
    this.dropout = dropout;
    this.query = new Linear(size, size, linear);
    this.key = new Linear(contextSize, size, linear);
    this.value = new Linear(contextSize, size, linear);
  }

  /**
   * The mask, added to the scores or boolean with true where to attend, broadcasts to [B,H,S,S'];
   * with a packing in its place, x and the context are packed rows [R,D] and [R',C].
   */
  override forward(x: Tensor, mask: AttentionMask = null, context: Tensor = x): Tensor {
    const query = this.query.forward(x);
    const key = this.key.forward(context);
    const value = this.value.forward(context);
    return this.attend(query, key, value, mask);
  }

  /** What follows the three projections: queries [B,S,D], keys and values [B,S',D] -> [B,S,D]. */
  attend(query: Tensor, key: Tensor, value: Tensor, mask: AttentionMask = null): Tensor {
    const dropoutP = this.training ? this.dropout : 0;
    if (mask instanceof PackedAttention) {
      return packedAttention(query, key, value, mask, { heads: this.heads, dropoutP });
    }
    const parts = [query, key, value].map((rows) => this.split(rows)) as [Tensor, Tensor, Tensor];
    const attended = scaledDotProductAttention(...parts, { attnMask: mask, dropoutP });
    return attended.transpose(1, 2).flatten(2); // [B,H,S,d] -> [B,S,D]
  }

  /** [B,S,D] -> [B,H,S,d] */
  private split(x: Tensor): Tensor {
    const [batch, length, size] = x.shape;
    return x.view([batch, length, this.heads, size / this.heads]).transpose(1, 2);
  }
}
