import type { Tensor } from "../torch";
import * as torch from "../torch";
import { dropout, linear, matmul, scaledDotProductAttention } from "./functional";
import { xavierNormal_, xavierUniform_, zeros_ } from "./init";
import { type FactoryOptions, Linear } from "./linear";
import { additive, padMask, togetherMask } from "./masks";
import { Module } from "./module";
import { Parameter } from "./parameter";

export interface MultiheadAttentionOptions extends FactoryOptions {
  /** Dropout probability of the attention weights in training; 0 by default. */
  readonly dropout?: number;
  /** Whether projections have biases; true by default. */
  readonly bias?: boolean;
  /** Whether a learned key and value are attended to beside the given ones; false by default. */
  readonly addBiasKv?: boolean;
  /** Whether zeros are attended to beside the given keys and values; false by default. */
  readonly addZeroAttn?: boolean;
  /** Width of the keys; that of the queries by default. */
  readonly kdim?: number | null;
  /** Width of the values; that of the queries by default. */
  readonly vdim?: number | null;
  /** Whether batches are [B,S,E] in the place of [S,B,E]; false by default. */
  readonly batchFirst?: boolean;
}

/** What a forward of `MultiheadAttention` takes beside the states. */
export interface AttendOptions {
  /** [B,S'] true, or added to scores, at keys that nothing attends to. */
  readonly keyPaddingMask?: Tensor | null;
  /** Whether the attention weights are wanted too; true by default, false is faster. */
  readonly needWeights?: boolean;
  /** [S,S'] or [B H,S,S'], true, or added to scores, where a query does not attend to a key. */
  readonly attnMask?: Tensor | null;
  /** Whether weights are the mean over the heads [B,S,S'] or each head's [B,H,S,S']; true by default. */
  readonly averageAttnWeights?: boolean;
}

/**
 * PyTorch's attention, by its parameter names: projections of queries, keys and values in one
 * weight [3E,E] (three where widths differ), and an output projection. Boolean masks are true where
 * nothing is attended to. `MultiHeadAttention`, of separate projections, is what models here use.
 */
export class MultiheadAttention extends Module {
  in_proj_weight: Parameter | null;
  q_proj_weight: Parameter | null;
  k_proj_weight: Parameter | null;
  v_proj_weight: Parameter | null;
  in_proj_bias: Parameter | null;
  bias_k: Parameter | null;
  bias_v: Parameter | null;
  readonly out_proj: Linear;
  readonly dropout: number;
  readonly addZeroAttn: boolean;
  readonly batchFirst: boolean;

  /** Throws RangeError where the heads do not divide the width. */
  constructor(
    readonly embedDim: number,
    readonly numHeads: number,
    {
      dropout = 0,
      bias = true,
      addBiasKv = false,
      addZeroAttn = false,
      kdim = null,
      vdim = null,
      batchFirst = false,
      ...factory
    }: MultiheadAttentionOptions = {},
  ) {
    super();
    if (!Number.isInteger(embedDim / numHeads)) {
      throw new RangeError(`${numHeads} attention heads do not divide the width ${embedDim}`);
    }
    const made = (...shape: number[]) => new Parameter(torch.empty(shape, factory));
    const isOne = (kdim ?? embedDim) === embedDim && (vdim ?? embedDim) === embedDim;
    this.in_proj_weight = isOne ? made(3 * embedDim, embedDim) : null;
    this.q_proj_weight = isOne ? null : made(embedDim, embedDim);
    this.k_proj_weight = isOne ? null : made(embedDim, kdim ?? embedDim);
    this.v_proj_weight = isOne ? null : made(embedDim, vdim ?? embedDim);
    this.in_proj_bias = bias ? made(3 * embedDim) : null;
    this.bias_k = addBiasKv ? made(1, 1, embedDim) : null;
    this.bias_v = addBiasKv ? made(1, 1, embedDim) : null;
    this.out_proj = new Linear(embedDim, embedDim, { bias, ...factory });
    this.dropout = dropout;
    this.addZeroAttn = addZeroAttn;
    this.batchFirst = batchFirst;
    this.resetParameters();
  }

  /** query [S,B,E], key and value [S',B,..], or without B -> out [S,B,E] and the weights or null. */
  override forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    options: AttendOptions = {},
  ): [out: Tensor, weights: Tensor | null] {
    const { keyPaddingMask = null } = options;
    if (query.ndim === 2) {
      const rows = keyPaddingMask?.unsqueeze(0) ?? null;
      const one = [query, key, value].map((x) => x.unsqueeze(0)) as [Tensor, Tensor, Tensor];
      const [out, weights] = this.attend(...one, { ...options, keyPaddingMask: rows });
      return [out.squeeze(0), weights?.squeeze(0) ?? null];
    }
    if (this.batchFirst) return this.attend(query, key, value, options);
    const turned = [query, key, value].map((x) => x.transpose(0, 1)) as [Tensor, Tensor, Tensor];
    const [out, weights] = this.attend(...turned, options);
    return [out.transpose(0, 1), weights];
  }

  resetParameters(): void {
    for (const weight of [
      this.in_proj_weight,
      this.q_proj_weight,
      this.k_proj_weight,
      this.v_proj_weight,
    ]) {
      if (weight) xavierUniform_(weight);
    }
    if (this.in_proj_bias) zeros_(this.in_proj_bias);
    if (this.in_proj_bias && this.out_proj.bias) zeros_(this.out_proj.bias);
    if (this.bias_k) xavierNormal_(this.bias_k);
    if (this.bias_v) xavierNormal_(this.bias_v);
  }

  /** All of [B,..]. */
  private attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    {
      keyPaddingMask = null,
      needWeights = true,
      attnMask = null,
      averageAttnWeights = true,
    }: AttendOptions,
  ): [Tensor, Tensor | null] {
    const [batch, length] = query.shape;
    let [q, k, v] = this.project(query, key, value);
    [k, v] = this.withLearned(k, v);
    const [queries, keys, values] = [q, k, v].map((x) => this.split(x));
    const more = keys.shape[2] - key.shape[1];
    const mask = togetherMask(
      padMask(additive(attnMask, query.dtype), more),
      padMask(additive(keyPaddingMask, query.dtype), more),
      batch,
    );
    const dropoutP = this.training ? this.dropout : 0;
    const project = (attended: Tensor) => {
      const rows = attended.transpose(1, 2).reshape([batch, length, this.embedDim]);
      return this.out_proj.forward(rows);
    };
    if (!needWeights) {
      return [
        project(scaledDotProductAttention(queries, keys, values, { attnMask: mask, dropoutP })),
        null,
      ];
    }
    const scores = matmul(queries.mul(Math.sqrt(this.numHeads / this.embedDim)), keys.mT);
    const weights = torch.softmax(mask ? scores.add(mask) : scores, -1);
    const dropped = dropout(weights, dropoutP, this.training);
    const out = project(matmul(dropped, values));
    return [out, averageAttnWeights ? dropped.mean(1) : dropped];
  }

  /** [B,S,..] -> queries, keys and values [B,S,E] */
  private project(query: Tensor, key: Tensor, value: Tensor): [Tensor, Tensor, Tensor] {
    const [q, k, v] =
      this.in_proj_weight?.chunk(3) ??
      ([this.q_proj_weight, this.k_proj_weight, this.v_proj_weight] as Tensor[]);
    const [a, b, c] = this.in_proj_bias?.chunk(3) ?? [null, null, null];
    if (this.in_proj_weight && query === key && key === value) {
      const [one, two, three] = linear(query, this.in_proj_weight, this.in_proj_bias).chunk(3, -1);
      return [one, two, three];
    }
    return [linear(query, q, a), linear(key, k, b), linear(value, v, c)];
  }

  /** Keys and values [B,S',E] with the learned ones, and zeros, after them. */
  private withLearned(key: Tensor, value: Tensor): [Tensor, Tensor] {
    const [batch] = key.shape;
    const [k, v] = [[key], [value]];
    if (this.bias_k && this.bias_v) {
      k.push(this.bias_k.expand([batch, 1, -1]));
      v.push(this.bias_v.expand([batch, 1, -1]));
    }
    if (this.addZeroAttn) {
      k.push(key.newZeros([batch, 1, this.embedDim]));
      v.push(value.newZeros([batch, 1, this.embedDim]));
    }
    return k.length === 1 ? [key, value] : [torch.cat(k, 1), torch.cat(v, 1)];
  }

  /** [B,S,E] -> [B,H,S,E/H] */
  private split(x: Tensor): Tensor {
    return x.unflatten(-1, [this.numHeads, this.embedDim / this.numHeads]).transpose(1, 2);
  }
}
