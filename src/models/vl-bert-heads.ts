import { GELU, Linear, Module } from "../nn";
import type { Tensor } from "../torch";
import { MaskedWordsHead } from "./bert-heads";
import { VLBert } from "./vl-bert";
import type { VLBertConfig } from "./vl-bert-config";

/** VL-BERT with the heads of its pre-training, which checkpoints keep inside it. */
export class VLBertWithHeads extends VLBert {
  readonly mlm_head: WordsHead;
  readonly mvrc_head: VLBertRegionHead;
  /** Spelled as in checkpoints. */
  readonly relationsip_head: RelationshipHead;

  constructor(config: VLBertConfig) {
    super(config, { pools: true });
    this.mlm_head = new WordsHead(config, this);
    this.mvrc_head = new VLBertRegionHead(config);
    this.relationsip_head = new RelationshipHead(config);
  }
}

/** gelu(dense(x)): [..,D] -> [..,D], between the encoder and what is told of a region. */
export class VLBertRegionTransform extends Module {
  readonly dense: Linear;
  readonly activation = new GELU();

  constructor({ hidden_size }: VLBertConfig) {
    super();
    this.dense = new Linear(hidden_size, hidden_size);
  }

  override forward(hidden: Tensor): Tensor {
    return this.activation.after(this.dense, hidden);
  }
}

/** What a masked region is: hidden [B,O,D] -> [B,O,C]. */
export class VLBertRegionHead extends Module {
  readonly transform: VLBertRegionTransform;
  readonly region_cls_pred: Linear;

  constructor(config: VLBertConfig) {
    super();
    this.transform = new VLBertRegionTransform(config);
    this.region_cls_pred = new Linear(config.hidden_size, config.visual_region_classes);
  }

  override forward(hidden: Tensor): Tensor {
    return this.region_cls_pred.forward(this.transform.forward(hidden));
  }
}

/** Which word a masked one is: hidden [B,T,D] -> [B,T,V]. */
class WordsHead extends Module {
  readonly predictions: MaskedWordsHead;

  constructor(config: VLBertConfig, { word_embeddings }: VLBert) {
    super();
    this.predictions = new MaskedWordsHead(config, word_embeddings.weight);
  }

  override forward(hidden: Tensor): Tensor {
    return this.predictions.forward(hidden);
  }
}

/** Whether text and image belong together: pooled [B,D] -> [B,2]. */
class RelationshipHead extends Module {
  readonly caption_image_relationship: Linear;

  constructor({ hidden_size }: VLBertConfig) {
    super();
    this.caption_image_relationship = new Linear(hidden_size, 2);
  }

  override forward(pooled: Tensor): Tensor {
    return this.caption_image_relationship.forward(pooled);
  }
}
