import {
  type AttentionMask,
  Dropout,
  type LayerNorm,
  Linear,
  Module,
  MultiHeadAttention,
  type Registered,
} from "../nn";
import type { Tensor } from "../torch";
import { BertIntermediate, bertLayerNorm } from "./bert";
import { AttentionSegment, Block, FeedForwardSegment } from "./block";
import type { ViTConfig } from "./vit-config";

/**
 * A transformer block that normalises before its segments instead of after:
 *
 *     x [B,S,D] -+- LayerNorm -- self -- output -+-+- LayerNorm -- intermediate -- output -+-> y
 *                +-------------------------------+ +---------------------------------------+
 *                 attention                         feedForward
 *
 * Checkpoints keep the parts of both segments side by side, as `layernorm_before`, `attention`,
 * `layernorm_after`, `intermediate` and `output`; that both are modules here adds nothing to names.
 */
export class ViTLayer extends Block {
  readonly attention: ViTAttention;
  readonly feedForward: ViTFeedForward;

  constructor(config: ViTConfig) {
    super();
    this.attention = new ViTAttention(config);
    this.feedForward = new ViTFeedForward(config);
  }

  /** hidden [B,S,D], mask [B,1,1,S] added to the attention's scores -> [B,S,D] */
  override forward(hidden: Tensor, mask: AttentionMask = null): Tensor {
    return this.feedForward.forward(this.attention.forward(hidden, mask));
  }

  override registered(): Registered[] {
    return [
      ["attention", this.attention, ""],
      ["feedForward", this.feedForward, ""],
    ];
  }
}

/** The attention segment: x + dense(attention(LayerNorm(x))). */
export class ViTAttention extends AttentionSegment {
  readonly norm: LayerNorm;
  readonly self: MultiHeadAttention;
  readonly output: ViTOutput;

  constructor(config: ViTConfig) {
    super();
    this.norm = bertLayerNorm(config);
    this.self = new MultiHeadAttention(config.hidden_size, config.num_attention_heads, {
      dropout: config.attention_probs_dropout_prob,
      bias: config.qkv_bias,
    });
    this.output = new ViTOutput(config.hidden_size, config);
  }

  override forward(hidden: Tensor, mask: AttentionMask = null): Tensor {
    return this.output.forward(this.self.forward(this.norm.forward(hidden), mask), hidden);
  }

  override registered(): Registered[] {
    return [
      ["norm", this.norm, "layernorm_before"],
      ["self", this.self, "attention.attention"],
      ["output", this.output, "attention.output"],
    ];
  }
}

/** The feed-forward segment: x + dense(gelu(dense(LayerNorm(x)))). */
export class ViTFeedForward extends FeedForwardSegment {
  readonly norm: LayerNorm;
  readonly intermediate: BertIntermediate;
  readonly output: ViTOutput;

  constructor(config: ViTConfig) {
    super();
    this.norm = bertLayerNorm(config);
    this.intermediate = new BertIntermediate(config);
    this.output = new ViTOutput(config.intermediate_size, config);
  }

  override forward(hidden: Tensor): Tensor {
    const normed = this.norm.forward(hidden);
    return this.output.forward(this.intermediate.forward(normed), hidden);
  }

  override registered(): Registered[] {
    return [
      ["norm", this.norm, "layernorm_after"],
      ["intermediate", this.intermediate],
      ["output", this.output],
    ];
  }
}

/** The end of a segment: residual + dropout(dense(x)), x [..,n], residual [..,D]. */
export class ViTOutput extends Module {
  readonly dense: Linear;
  readonly dropout: Dropout;

  constructor(inputSize: number, { hidden_size, hidden_dropout_prob }: ViTConfig) {
    super();
    this.dense = new Linear(inputSize, hidden_size);
    this.dropout = new Dropout(hidden_dropout_prob);
  }

  override forward(x: Tensor, residual: Tensor): Tensor {
    return this.dropout.forward(this.dense.forward(x)).add(residual);
  }
}
