import type { Tensor } from "../torch";
import { checkOptions } from "../torch/errors";
import { GELU, ReLU } from "./activation";
import { ModuleList } from "./containers";
import { Dropout } from "./dropout";
import { LayerNorm } from "./layer-norm";
import { type FactoryOptions, Linear } from "./linear";
import { Module } from "./module";
import { MultiheadAttention } from "./multihead-attention";
import { checkLayers } from "./size";

export interface TransformerLayerOptions extends FactoryOptions {
  /** Width of the feed-forward part; 2048 by default. */
  readonly dimFeedforward?: number;
  /** Dropout probability of attention weights, inner and outer states; 0.1 by default. */
  readonly dropout?: number;
  /** The feed-forward part's: "relu" by default, "gelu", or a module. */
  readonly activation?: "relu" | "gelu" | Module;
  /** Added to the norms' variances; 1e-5 by default. */
  readonly layerNormEps?: number;
  /** Whether batches are [B,S,D] in the place of [S,B,D]; false by default. */
  readonly batchFirst?: boolean;
  /** Whether norms come before the parts (Xiong et al. 2020, arXiv 2002.04745); false by default. */
  readonly normFirst?: boolean;
  /** Whether linear layers and norms have biases; true by default. */
  readonly bias?: boolean;
}

/** What an encoder's positions do not attend to. */
export interface EncoderMasks {
  /** [S,S] or [B H,S,S], true, or added to scores, where a position does not attend to another. */
  readonly srcMask?: Tensor | null;
  /** [B,S] true, or added to scores, at padding. */
  readonly srcKeyPaddingMask?: Tensor | null;
}

/** Self-attention and a feed-forward part, with PyTorch's parameter names (Vaswani et al. 2017, arXiv 1706.03762). */
export class TransformerEncoderLayer extends Module {
  readonly self_attn: MultiheadAttention;
  readonly linear1: Linear;
  readonly dropout: Dropout;
  readonly linear2: Linear;
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly dropout1: Dropout;
  readonly dropout2: Dropout;
  readonly activation: Module;
  readonly normFirst: boolean;

  /** `dModel` is the width D, `nhead` how many heads attend. */
  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    const {
      dimFeedforward = 2048,
      dropout = 0.1,
      activation = "relu",
      layerNormEps = 1e-5,
      batchFirst = false,
      normFirst = false,
      bias = true,
      ...factory
    } = checkOptions(new.target.name, options, [
      "dimFeedforward",
      "dropout",
      "activation",
      "layerNormEps",
      "batchFirst",
      "normFirst",
      "bias",
      "device",
      "dtype",
    ]);
    super();
    const norm = () => new LayerNorm(dModel, { eps: layerNormEps, bias, ...factory });
    const attention = { dropout, bias, batchFirst, ...factory };
    this.self_attn = new MultiheadAttention(dModel, nhead, attention);
    this.linear1 = new Linear(dModel, dimFeedforward, { bias, ...factory });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, { bias, ...factory });
    this.norm1 = norm();
    this.norm2 = norm();
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.activation = activationOf(activation);
    this.normFirst = normFirst;
  }

  /** x [S,B,D] or [B,S,D] -> the same shape. */
  override forward(x: Tensor, masks: EncoderMasks = {}): Tensor {
    if (this.normFirst) {
      const attended = x.add(this.attend(this.norm1.forward(x), masks));
      return attended.add(this.feedForward(this.norm2.forward(attended)));
    }
    const attended = this.norm1.forward(x.add(this.attend(x, masks)));
    return this.norm2.forward(attended.add(this.feedForward(attended)));
  }

  private attend(x: Tensor, { srcMask = null, srcKeyPaddingMask = null }: EncoderMasks): Tensor {
    const options = { attnMask: srcMask, keyPaddingMask: srcKeyPaddingMask, needWeights: false };
    return this.dropout1.forward(this.self_attn.forward(x, x, x, options)[0]);
  }

  private feedForward(x: Tensor): Tensor {
    const inner = this.activation.forward(this.linear1.forward(x)) as Tensor;
    return this.dropout2.forward(this.linear2.forward(this.dropout.forward(inner)));
  }
}

/** What a decoder's positions do not attend to: true, or added to scores. */
export interface DecoderMasks {
  /** [S,S] or [B H,S,S], of the self-attention. */
  readonly tgtMask?: Tensor | null;
  /** [S,S'] or [B H,S,S'], of the attention to the memory. */
  readonly memoryMask?: Tensor | null;
  /** [B,S], of the self-attention. */
  readonly tgtKeyPaddingMask?: Tensor | null;
  /** [B,S'], of the memory. */
  readonly memoryKeyPaddingMask?: Tensor | null;
}

/** Self-attention, attention to a memory, and a feed-forward part, with PyTorch's parameter names. */
export class TransformerDecoderLayer extends Module {
  readonly self_attn: MultiheadAttention;
  readonly multihead_attn: MultiheadAttention;
  readonly linear1: Linear;
  readonly dropout: Dropout;
  readonly linear2: Linear;
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly norm3: LayerNorm;
  readonly dropout1: Dropout;
  readonly dropout2: Dropout;
  readonly dropout3: Dropout;
  readonly activation: Module;
  readonly normFirst: boolean;

  /** `dModel` is the width D, `nhead` how many heads attend. */
  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    const {
      dimFeedforward = 2048,
      dropout = 0.1,
      activation = "relu",
      layerNormEps = 1e-5,
      batchFirst = false,
      normFirst = false,
      bias = true,
      ...factory
    } = checkOptions(new.target.name, options, [
      "dimFeedforward",
      "dropout",
      "activation",
      "layerNormEps",
      "batchFirst",
      "normFirst",
      "bias",
      "device",
      "dtype",
    ]);
    super();
    const norm = () => new LayerNorm(dModel, { eps: layerNormEps, bias, ...factory });
    const attention = { dropout, bias, batchFirst, ...factory };
    this.self_attn = new MultiheadAttention(dModel, nhead, attention);
    this.multihead_attn = new MultiheadAttention(dModel, nhead, attention);
    this.linear1 = new Linear(dModel, dimFeedforward, { bias, ...factory });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, { bias, ...factory });
    this.norm1 = norm();
    this.norm2 = norm();
    this.norm3 = norm();
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.dropout3 = new Dropout(dropout);
    this.activation = activationOf(activation);
    this.normFirst = normFirst;
  }

  /** x [S,B,D], memory [S',B,D] (or [B,..]) -> the shape of x. */
  override forward(x: Tensor, memory: Tensor, masks: DecoderMasks = {}): Tensor {
    if (this.normFirst) {
      const own = x.add(this.attend(this.norm1.forward(x), masks));
      const both = own.add(this.attendTo(memory, this.norm2.forward(own), masks));
      return both.add(this.feedForward(this.norm3.forward(both)));
    }
    const own = this.norm1.forward(x.add(this.attend(x, masks)));
    const both = this.norm2.forward(own.add(this.attendTo(memory, own, masks)));
    return this.norm3.forward(both.add(this.feedForward(both)));
  }

  private attend(x: Tensor, { tgtMask = null, tgtKeyPaddingMask = null }: DecoderMasks): Tensor {
    const options = { attnMask: tgtMask, keyPaddingMask: tgtKeyPaddingMask, needWeights: false };
    return this.dropout1.forward(this.self_attn.forward(x, x, x, options)[0]);
  }

  private attendTo(memory: Tensor, x: Tensor, masks: DecoderMasks): Tensor {
    const { memoryMask: attnMask = null, memoryKeyPaddingMask: keyPaddingMask = null } = masks;
    const options = { attnMask, keyPaddingMask, needWeights: false };
    return this.dropout2.forward(this.multihead_attn.forward(x, memory, memory, options)[0]);
  }

  private feedForward(x: Tensor): Tensor {
    const inner = this.activation.forward(this.linear1.forward(x)) as Tensor;
    return this.dropout3.forward(this.linear2.forward(this.dropout.forward(inner)));
  }
}

/** Copies of one layer after each other, and a norm after the last where there is one. */
export class TransformerEncoder extends Module {
  readonly layers: ModuleList<TransformerEncoderLayer>;
  readonly norm: Module | null;

  /** All layers start as copies of the given one, as in PyTorch. */
  constructor(layer: TransformerEncoderLayer, numLayers: number, norm: Module | null = null) {
    super();
    checkLayers("TransformerEncoder", numLayers, 0);
    this.layers = new ModuleList(Array.from({ length: numLayers }, () => layer.clone()));
    this.norm = norm;
  }

  override forward(x: Tensor, masks: EncoderMasks = {}): Tensor {
    let state = x;
    for (const layer of this.layers) state = layer.forward(state, masks);
    return this.norm ? (this.norm.forward(state) as Tensor) : state;
  }
}

/** Copies of one layer after each other, and a norm after the last where there is one. */
export class TransformerDecoder extends Module {
  readonly layers: ModuleList<TransformerDecoderLayer>;
  readonly norm: Module | null;

  /** All layers start as copies of the given one, as in PyTorch. */
  constructor(layer: TransformerDecoderLayer, numLayers: number, norm: Module | null = null) {
    super();
    checkLayers("TransformerDecoder", numLayers, 0);
    this.layers = new ModuleList(Array.from({ length: numLayers }, () => layer.clone()));
    this.norm = norm;
  }

  override forward(x: Tensor, memory: Tensor, masks: DecoderMasks = {}): Tensor {
    let state = x;
    for (const layer of this.layers) state = layer.forward(state, memory, masks);
    return this.norm ? (this.norm.forward(state) as Tensor) : state;
  }
}

function activationOf(activation: "relu" | "gelu" | Module): Module {
  if (activation instanceof Module) return activation;
  return activation === "relu" ? new ReLU() : new GELU();
}
