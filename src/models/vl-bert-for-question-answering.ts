import { Dropout, Embedding, Linear, Module, ReLU, Sequential } from "../nn";
import type { Tensor } from "../torch";
import * as torch from "../torch";
import { BertPredictionHeadTransform } from "./bert-heads";
import { coordinateEmbeddings, coordinateWidth } from "./coordinates";
import { initialiseLikeBert } from "./initialise";
import { presence } from "./mask";
import { Model } from "./model";
import { type Embedded, VLBert } from "./vl-bert";
import { VLBertConfig } from "./vl-bert-config";

/** A batch of questions about images, padded to T tokens and O regions. */
export type VLBertInputs = {
  /** [B,T] int64: [CLS] question [SEP] [MASK] [SEP] */
  readonly inputIds: Tensor;
  /** [B,T] int64: question 0, answer 1; 0 where not given */
  readonly tokenTypeIds?: Tensor | null;
  /** [B,T]: 1 where there is a token; everywhere where not given */
  readonly attentionMask?: Tensor | null;
  /** [B,O,F]; region 0 is the whole image */
  readonly regionFeatures: Tensor;
  /** [B,O,4]: x1, y1, x2, y2 in 0 .. 1 of the image's width and height */
  readonly regionBoxes: Tensor;
  /** [B,O]: 1 where there is a region; everywhere where not given */
  readonly regionMask?: Tensor | null;
};

export interface VLBertOutputs extends Record<string, Tensor> {
  /** [B,S,D], S = T + O + 1: words, regions, the end */
  hidden: Tensor;
  /** [B,A] */
  logits: Tensor;
}

/**
 * VL-BERT that answers questions: scores for A answers, read at the [MASK] token.
 *
 *     features, boxes -> image_feature_extractor -> regions [B,O,D] -+
 *     words ---------------------------------------------------------+- vlbert -> hidden [B,S,D]
 *     hidden at [MASK] [B,D] -> final_mlp -> logits [B,A]
 */
export class VLBertForQuestionAnswering extends Model {
  static override readonly modelType = "vl-bert";
  static override readonly architecture = "VLBertForQuestionAnswering";
  static override readonly Config = VLBertConfig;

  readonly image_feature_extractor: RegionEmbeddings;
  readonly object_linguistic_embeddings: Embedding;
  readonly vlbert: VLBert;
  readonly final_mlp: Sequential;

  constructor(readonly config: VLBertConfig = new VLBertConfig()) {
    super();
    const { hidden_size, hidden_dropout_prob, initializer_range, num_answers } = config;
    this.image_feature_extractor = new RegionEmbeddings(config);
    this.object_linguistic_embeddings = new Embedding(1, hidden_size);
    this.vlbert = new VLBert(config);
    this.final_mlp = new Sequential(
      new BertPredictionHeadTransform(config),
      new Dropout(hidden_dropout_prob),
      new Linear(hidden_size, num_answers),
    );
    for (const part of [
      this.image_feature_extractor,
      this.object_linguistic_embeddings,
      this.final_mlp,
    ]) {
      initialiseLikeBert(part, initializer_range);
    }
  }

  static override isBackbone(name: string): boolean {
    return !name.startsWith("final_mlp.");
  }

  override forward(inputs: VLBertInputs): VLBertOutputs {
    const hidden = this.encode(this.embed(inputs));
    return { hidden, logits: this.answer(hidden, inputs) };
  }

  /** Everything before the blocks: hidden [B,S,D] and mask [B,1,1,S]. */
  embed(inputs: VLBertInputs): Embedded {
    const { inputIds, tokenTypeIds, regionFeatures, regionBoxes, regionMask } = inputs;
    return this.vlbert.embed({
      inputIds,
      tokenTypeIds: tokenTypeIds ?? torch.zerosLike(inputIds),
      textMask: textMaskOf(inputs),
      regions: this.image_feature_extractor.forward(regionFeatures, regionBoxes),
      regionWord: this.object_linguistic_embeddings.weight,
      regionMask: presence(regionMask, regionFeatures.narrow(2, 0, 1).squeeze(2)),
    });
  }

  /** The blocks: hidden [B,S,D] -> [B,S,D]. */
  encode(embedded: Embedded): Tensor {
    return this.vlbert.encode(embedded);
  }

  /** hidden [B,S,D] -> logits [B,A]; throws for rows that have no or several [MASK] tokens. */
  answer(hidden: Tensor, inputs: VLBertInputs): Tensor {
    const [batch, length, size] = hidden.shape;
    const starts = torch.arange(0, batch * length, length, { device: hidden.device }); // [B]
    const rows = starts.add(this.maskPositions(inputs));
    return this.final_mlp.forward(hidden.reshape([batch * length, size]).indexSelect(0, rows));
  }

  /** Where each row's [MASK] token is: [B] int64. */
  private maskPositions(inputs: VLBertInputs): Tensor {
    const { mask_token_id } = this.config;
    const asked = inputs.inputIds.eq(mask_token_id).logicalAnd(textMaskOf(inputs)); // [B,T]
    const counts = asked.sum(1).toArray() as unknown as ArrayLike<number | bigint>;
    const problems = Array.from(counts, (count, row) => ({ count: Number(count), row }))
      .filter(({ count }) => count !== 1)
      .map(({ count, row }) => `row ${row} has ${count}`);
    if (problems.length > 0) {
      throw new Error(
        `each text needs one [MASK] token (mask_token_id ${mask_token_id}): ${problems.join(", ")}`,
      );
    }
    return asked.to("uint8").argmax(1);
  }
}

/** Regions as the transformer sees them: features [B,O,F], boxes [B,O,4] -> [B,O,D]. */
class RegionEmbeddings extends Module {
  readonly obj_downsample: Sequential;
  private readonly coordinateWidth: number;

  constructor({ visual_size, hidden_size, hidden_dropout_prob }: VLBertConfig) {
    super();
    this.coordinateWidth = coordinateWidth(visual_size);
    this.obj_downsample = new Sequential(
      new Dropout(hidden_dropout_prob),
      new Linear(this.coordinateWidth + visual_size, hidden_size),
      new ReLU(),
    );
  }

  override forward(features: Tensor, boxes: Tensor): Tensor {
    const places = coordinateEmbeddings(boxes, this.coordinateWidth).to(features.dtype);
    return this.obj_downsample.forward(torch.cat([places, features], -1));
  }
}

function textMaskOf({ inputIds, attentionMask }: VLBertInputs): Tensor {
  return presence(attentionMask, inputIds);
}
