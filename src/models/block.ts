import { Module, type MultiHeadAttention } from "../nn";
import type { Tensor } from "../torch";

/**
 * A transformer block, whatever the model: BertLayer, ViTLayer, LxmertCrossLayer. It is made of
 * segments, each the part between two skip connections, and passes its first arguments on:
 * (hidden, mask) -> hidden, or (language, vision, ..) -> [language, vision].
 */
export abstract class Block extends Module {
  /** How many of its first arguments it passes on. */
  get streams(): number {
    return 1;
  }
}

/** What a block adds to its input by attention: heads, then the output with its skip connection. */
export abstract class AttentionSegment extends Module {
  abstract readonly self: MultiHeadAttention;
  abstract readonly output: Output;

  /**
   * hidden [B,S,D] -> [B,S,D]; the mask, added to the scores, broadcasts to [B,H,S,S'], and the
   * context [B,S',D], hidden itself by default, is what is attended to.
   */
  abstract override forward(hidden: Tensor, mask?: Tensor | null, context?: Tensor): Tensor;
}

/** What a block adds to its input position by position: [..,D] -> [..,D]. */
export abstract class FeedForwardSegment extends Module {
  abstract readonly intermediate: Intermediate;
  abstract readonly output: Output;

  abstract override forward(hidden: Tensor): Tensor;
}

/** The first half of a feed-forward segment: [..,D] -> [..,I]. */
export interface Intermediate extends Module {
  forward(hidden: Tensor): Tensor;
}

/** The end of a segment: x [..,n] and the residual [..,D] -> [..,D]. */
export interface Output extends Module {
  forward(x: Tensor, residual: Tensor): Tensor;
}
