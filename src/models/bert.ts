import {
  type AttentionMask,
  Dropout,
  GELU,
  LayerNorm,
  Linear,
  Module,
  ModuleList,
  MultiHeadAttention,
  type Registered,
} from "../nn";
import type { Tensor } from "../torch";
import {
  AttentionSegment,
  Block,
  FeedForwardSegment,
  type Positions,
  readThroughBlocks,
  throughBlocks,
} from "./block";

/** What the blocks of a BERT need to know (Devlin et al. 2019, arXiv 1810.04805). */
export interface BertSize {
  /** D */
  readonly hidden_size: number;
  /** H, a divisor of D */
  readonly num_attention_heads: number;
  /** Width of the feed-forward segments, usually 4 D. */
  readonly intermediate_size: number;
  readonly hidden_dropout_prob: number;
  readonly attention_probs_dropout_prob: number;
  /** 1e-12 by default. */
  readonly layer_norm_eps?: number;
}

/**
 * A transformer block: an attention segment, then a feed-forward segment.
 *
 *     x [B,S,D] -+- self -- output ------+- LayerNorm -+- intermediate -- output -+- LayerNorm -> y
 *                +-----------------------+             +--------------------------+
 *                 attention                             feedForward
 *
 * Checkpoints keep the feed-forward segment's two parts beside `attention`, at `intermediate` and
 * `output`. Here both segments are modules, at `attention` and `feedForward`; the second adds
 * nothing to the names in the state.
 */
export class BertLayer extends Block {
  readonly attention: BertAttention;
  readonly feedForward: BertFeedForward;

  constructor(size: BertSize) {
    super();
    this.attention = new BertAttention(size);
    this.feedForward = new BertFeedForward(size);
  }

  /**
   * hidden [B,S,D], mask [B,1,1,S] added to the attention's scores -> [B,S,D]; what is attended to
   * is the context [B,S',D], hidden itself by default. Or all as packed rows.
   */
  override forward(hidden: Tensor, mask: AttentionMask = null, context = hidden): Tensor {
    return this.feedForward.forward(this.attention.forward(hidden, mask, context));
  }

  override registered(): Registered[] {
    return [
      ["attention", this.attention],
      ["feedForward", this.feedForward, ""],
    ];
  }
}

/** The attention segment: LayerNorm(x + dense(attention(x, context))), the context x by default. */
export class BertAttention extends AttentionSegment {
  readonly self: MultiHeadAttention;
  readonly output: BertOutput;

  constructor(size: BertSize) {
    super();
    this.self = new MultiHeadAttention(size.hidden_size, size.num_attention_heads, {
      dropout: size.attention_probs_dropout_prob,
    });
    this.output = new BertOutput(size.hidden_size, size);
  }

  override forward(hidden: Tensor, mask: AttentionMask = null, context = hidden): Tensor {
    return this.output.forward(this.self.forward(hidden, mask, context), hidden);
  }
}

/** The feed-forward segment: LayerNorm(x + dense(gelu(dense(x)))). */
export class BertFeedForward extends FeedForwardSegment {
  readonly intermediate: BertIntermediate;
  readonly output: BertOutput;

  constructor(size: BertSize) {
    super();
    this.intermediate = new BertIntermediate(size);
    this.output = new BertOutput(size.intermediate_size, size);
  }

  override forward(hidden: Tensor): Tensor {
    return this.output.forward(this.intermediate.forward(hidden), hidden);
  }
}

/** gelu(dense(x)): [..,D] -> [..,I] */
export class BertIntermediate extends Module {
  readonly dense: Linear;
  readonly activation = new GELU();

  constructor(size: BertSize) {
    super();
    this.dense = new Linear(size.hidden_size, size.intermediate_size);
  }

  override forward(hidden: Tensor): Tensor {
    return this.activation.after(this.dense, hidden);
  }
}

/** The end of a segment: LayerNorm(residual + dropout(dense(x))), x [..,n], residual [..,D]. */
export class BertOutput extends Module {
  readonly dense: Linear;
  readonly LayerNorm: LayerNorm;
  readonly dropout: Dropout;

  constructor(inputSize: number, size: BertSize) {
    super();
    this.dense = new Linear(inputSize, size.hidden_size);
    this.LayerNorm = bertLayerNorm(size);
    this.dropout = new Dropout(size.hidden_dropout_prob);
  }

  override forward(x: Tensor, residual: Tensor): Tensor {
    return this.LayerNorm.ofSum(this.dense.forward(x), residual, this.dropout);
  }
}

/** A stack of blocks. */
export class BertEncoder extends Module {
  readonly layer: ModuleList<BertLayer>;

  constructor(size: BertSize & { readonly num_hidden_layers: number }) {
    super();
    const blocks = Array.from({ length: size.num_hidden_layers }, () => new BertLayer(size));
    this.layer = new ModuleList(blocks);
  }

  /** hidden [B,S,D], mask [B,1,1,S] -> [B,S,D], zeros at padding */
  override forward(hidden: Tensor, mask: Tensor | null = null): Tensor {
    return throughBlocks(this.layer, hidden, mask);
  }

  /** One position of each sample after the blocks, all that is computed of the last: [B,D]. */
  read(hidden: Tensor, mask: Tensor | null, positions: Positions): Tensor {
    return readThroughBlocks(this.layer, hidden, mask, positions);
  }
}

/** The norm that BERT has everywhere. */
export function bertLayerNorm({
  hidden_size,
  layer_norm_eps = 1e-12,
}: Pick<BertSize, "hidden_size" | "layer_norm_eps">): LayerNorm {
  return new LayerNorm(hidden_size, { eps: layer_norm_eps });
}
