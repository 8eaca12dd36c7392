import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import { attendHeads, type HeadOptions, sameOnes } from "./functions/attention";
import { xavierNormal_, xavierUniform_, zeros_ } from "./init";
import { type FactoryOptions, Linear } from "./linear";
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
export type AttendOptions = Omit<HeadOptions, "dropoutP" | "staticK" | "staticV">;

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
    options: MultiheadAttentionOptions = {},
  ) {
    const {
      dropout = 0,
      bias = true,
      addBiasKv = false,
      addZeroAttn = false,
      kdim = null,
      vdim = null,
      batchFirst = false,
      ...factory
    } = checkOptions(new.target.name, options, [
      "dropout",
      "bias",
      "addBiasKv",
      "addZeroAttn",
      "kdim",
      "vdim",
      "batchFirst",
      "device",
      "dtype",
    ]);
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
      const one = sameOnes([query, key, value], (x) => x.unsqueeze(0));
      const [out, weights] = this.attend(...one, { ...options, keyPaddingMask: rows });
      return [out.squeeze(0), weights?.squeeze(0) ?? null];
    }
    if (this.batchFirst) return this.attend(query, key, value, options);
    const turned = sameOnes([query, key, value], (x) => x.transpose(0, 1));
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
    options: AttendOptions,
  ): [Tensor, Tensor | null] {
    const { in_proj_weight, q_proj_weight, k_proj_weight, v_proj_weight, numHeads } = this;
    const separate = [q_proj_weight, k_proj_weight, v_proj_weight] as [Tensor, Tensor, Tensor];
    const weights = {
      numHeads,
      inProjWeight: in_proj_weight ?? separate,
      inProjBias: this.in_proj_bias,
      biasK: this.bias_k,
      biasV: this.bias_v,
      addZeroAttn: this.addZeroAttn,
      outProj: (attended: Tensor) => this.out_proj.forward(attended),
    };
    const dropoutP = this.training ? this.dropout : 0;
    return attendHeads(query, key, value, weights, { ...options, dropoutP });
  }
}
