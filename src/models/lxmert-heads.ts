import { GELU, LayerNorm, Linear, Module, type Parameter, Sequential } from "../nn";
import type { Tensor } from "../torch";
import { BertPredictionHeadTransform, MaskedWordsHead } from "./bert-heads";
import type { LxmertConfig } from "./lxmert-config";

/** Scores answers: pooled [B,D] -> [B,A]. */
export class LxmertAnswerHead extends Module {
  readonly logit_fc: Sequential;

  constructor(config: LxmertConfig) {
    super();
    this.logit_fc = twoLayers(config, config.hidden_size, config.num_qa_labels);
  }

  override forward(pooled: Tensor): Tensor {
    return this.logit_fc.forward(pooled);
  }
}

/** The classifier of all tasks: [B,n] -> [B,2D] -> [B,C]. */
export function twoLayers(
  { hidden_size }: LxmertConfig,
  inputs: number,
  classes: number,
): Sequential {
  const wide = 2 * hidden_size;
  return new Sequential(
    new Linear(inputs, wide),
    new GELU(),
    new LayerNorm(wide, { eps: 1e-12 }),
    new Linear(wide, classes),
  );
}

/** Masked words by the language stream, and by the pooled output whether text and image match. */
export class LxmertPreTrainingHeads extends Module {
  readonly predictions: MaskedWordsHead;
  readonly seq_relationship: Linear;

  /** `words` [V,D] is the word embeddings' weight. */
  constructor(config: LxmertConfig, words: Parameter) {
    super();
    this.predictions = new MaskedWordsHead(config, words);
    this.seq_relationship = new Linear(config.hidden_size, 2);
  }
}

/** What regions are by the vision stream [B,O,D]: what is not predicted is null. */
export class LxmertRegionHead extends Module {
  readonly transform: BertPredictionHeadTransform;
  readonly decoder_dict: RegionDecoders;

  constructor(config: LxmertConfig) {
    super();
    this.transform = new BertPredictionHeadTransform(config);
    this.decoder_dict = new RegionDecoders(config);
  }

  /** Objects [B,O,1600], attributes [B,O,400] and features [B,O,F], those that are predicted. */
  override forward(vision: Tensor): Record<string, Tensor> {
    const { obj, attr, feat } = this.decoder_dict;
    const hidden = this.transform.forward(vision);
    return {
      ...(obj && { objectLogits: obj.forward(hidden) }),
      ...(attr && { attributeLogits: attr.forward(hidden) }),
      ...(feat && { features: feat.forward(hidden) }),
    };
  }
}

class RegionDecoders extends Module {
  readonly obj: Linear | null;
  readonly attr: Linear | null;
  readonly feat: Linear | null;

  constructor(config: LxmertConfig) {
    super();
    const decoder = (wanted: boolean, size: number) =>
      wanted ? new Linear(config.hidden_size, size) : null;
    this.obj = decoder(config.visual_obj_loss, config.num_object_labels);
    this.attr = decoder(config.visual_attr_loss, config.num_attr_labels);
    this.feat = decoder(config.visual_feat_loss, config.visual_feat_dim);
  }
}
