import { type AdaptableModel, type Inputs, strategies } from "adaptune";
import { BertEncoder, Lxmert, LxmertConfig } from "adaptune/models";
import { Module } from "adaptune/nn";
import type { Tensor } from "adaptune/torch";
import * as torch from "adaptune/torch";
import type { EncoderSize, StrategyUnderTest } from "./suites";

/** A model's blocks alone: hidden states by stream in, the same out. */
export interface EncoderModel extends AdaptableModel {
  /** Names of the streams: `hidden`, or `language` and `vision`; `<stream>Mask` is [B,T] or absent. */
  readonly streams: readonly string[];
}

/** The blocks of a size, without dropout: a row is only worth its gradient check. */
export function makeEncoder({
  kind,
  width,
  heads,
  intermediate,
  blocks,
}: EncoderSize): EncoderModel {
  const size = {
    hidden_size: width,
    num_attention_heads: heads,
    intermediate_size: intermediate,
    hidden_dropout_prob: 0,
    attention_probs_dropout_prob: 0,
  };
  if (kind === "bert")
    return new OneStream(new BertEncoder({ ...size, num_hidden_layers: blocks[0] }));
  const [l_layers, r_layers, x_layers] = blocks;
  // Embeddings and pooler are no part of what is measured.
  const none = { vocab_size: 1, max_position_embeddings: 1, visual_feat_dim: 1 };
  const config = new LxmertConfig({ ...size, ...none, l_layers, r_layers, x_layers });
  return new TwoStreams(new Lxmert(config).encoder);
}

class OneStream extends Module implements EncoderModel {
  readonly streams = ["hidden"];

  constructor(private readonly encoder: BertEncoder) {
    super();
  }

  override forward({ hidden, hiddenMask }: Inputs): Record<string, Tensor> {
    return { hidden: this.encoder.forward(hidden!, additive(hiddenMask, hidden!)) };
  }
}

class TwoStreams extends Module implements EncoderModel {
  readonly streams = ["language", "vision"];

  constructor(private readonly encoder: Lxmert["encoder"]) {
    super();
  }

  override forward(inputs: Inputs): Record<string, Tensor> {
    const [language, vision] = this.encoder.forward({
      language: inputs.language!,
      vision: inputs.vision!,
      languageMask: additive(inputs.languageMask, inputs.language!),
      visionMask: additive(inputs.visionMask, inputs.vision!),
    });
    return { language, vision };
  }
}

/** [B,T] with 1 where there is something -> [B,1,1,T], added to scores. */
function additive(present: Tensor | null | undefined, { dtype }: Tensor): Tensor | null {
  if (!present) return null;
  const absent = present.to("bool").logicalNot();
  const scores = torch.zeros(absent.shape, { dtype, device: absent.device });
  return scores.maskedFill(absent, -Infinity).unsqueeze(1).unsqueeze(1);
}

/** The strategy of a name, for a model that has no answer head. */
export function strategyUnderTest(name: StrategyUnderTest) {
  return name === "standard" ? strategies.standard() : strategies[name]({ head: [] });
}

/** What the peers need to know of a strategy: where its sites are, and what runs there. */
export const peerStrategies = {
  standard: { level: null, alternatives: ["tuned"] },
  SpotTune_Block: { level: "block", alternatives: ["frozen", "tuned"] },
  SpotTune: { level: "component", alternatives: ["frozen", "tuned"] },
  SpotTune_Res: { level: "segment", alternatives: ["frozen", "tuned"] },
  BlockDrop: { level: "block", alternatives: ["tuned", "skip"] },
} as const satisfies Record<StrategyUnderTest, unknown>;

/** A weight's name in the plain model, from its name in an adapted one. */
export function plainName(name: string): string {
  // The feed-forward segments have no name of their own in checkpoints.
  return name.replace(/(^|\.)tuned\./, "$1").replace(/\.(feed|langFeed|visnFeed)Forward\./, ".");
}
