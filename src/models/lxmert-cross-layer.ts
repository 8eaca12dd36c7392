import { type AttentionMask, attentionAcross, type Registered } from "../nn";
import type { Tensor } from "../torch";
import { BertAttention, BertFeedForward, type BertSize } from "./bert";
import { Block } from "./block";

/** What each half of a cross-modality block gives on: [language, vision]. */
export type Streams = [language: Tensor, vision: Tensor];

/**
 * A cross-modality block (Tan and Bansal 2019, arXiv 1908.07490, section 2.2):
 *
 *     language [B,T,D] -+- visual_attention(language, vision) -- lang_self_att -- langFeedForward ->
 *                       x
 *     vision [B,O,D] ---+- visual_attention(vision, language) -- visn_self_att -- visnFeedForward ->
 *
 * The cross-attention is one module, used in both directions on what came in.
 */
export class LxmertCrossLayer extends Block {
  readonly visual_attention: LxmertCrossAttention;
  readonly lang_self_att: BertAttention;
  readonly visn_self_att: BertAttention;
  readonly langFeedForward: LxmertFeedForward;
  readonly visnFeedForward: LxmertFeedForward;

  constructor(size: BertSize) {
    super();
    this.visual_attention = new LxmertCrossAttention(size);
    this.lang_self_att = new BertAttention(size);
    this.visn_self_att = new BertAttention(size);
    this.langFeedForward = new LxmertFeedForward(size, "lang");
    this.visnFeedForward = new LxmertFeedForward(size, "visn");
  }

  override get streams(): number {
    return 2;
  }

  /** language [B,T,D], vision [B,O,D] and their masks [B,1,1,T], [B,1,1,O] -> both of them. Or packed. */
  override forward(
    language: Tensor,
    vision: Tensor,
    languageMask: AttentionMask = null,
    visionMask: AttentionMask = null,
  ): Streams {
    const toVision = attentionAcross(languageMask, visionMask);
    const toLanguage = attentionAcross(visionMask, languageMask);
    const read = this.visual_attention.forward(language, toVision, vision);
    const seen = this.visual_attention.forward(vision, toLanguage, language);
    return [
      this.langFeedForward.forward(this.lang_self_att.forward(read, languageMask)),
      this.visnFeedForward.forward(this.visn_self_att.forward(seen, visionMask)),
    ];
  }

  override registered(): Registered[] {
    return [
      ["visual_attention", this.visual_attention],
      ["lang_self_att", this.lang_self_att],
      ["visn_self_att", this.visn_self_att],
      ["langFeedForward", this.langFeedForward, ""],
      ["visnFeedForward", this.visnFeedForward, ""],
    ];
  }
}

/** The attention segment of checkpoints that call its heads `att`. */
class LxmertCrossAttention extends BertAttention {
  override registered(): Registered[] {
    return [
      ["self", this.self, "att"],
      ["output", this.output],
    ];
  }
}

/** The feed-forward segment of one stream, whose parts lie beside the block's other ones. */
class LxmertFeedForward extends BertFeedForward {
  constructor(
    size: BertSize,
    private readonly stream: "lang" | "visn",
  ) {
    super(size);
  }

  override registered(): Registered[] {
    return [
      ["intermediate", this.intermediate, `${this.stream}_inter`],
      ["output", this.output, `${this.stream}_output`],
    ];
  }
}
