import { Embedding, type Module } from "../nn";
import type { Tensor } from "../torch";
import * as torch from "../torch";
import { initialiseLikeBert } from "./initialise";
import { checkInputs, TEXT_ON_REGIONS } from "./inputs";
import { presence } from "./mask";
import { Model } from "./model";
import { type Embedded, VLBert, type VLBertParts } from "./vl-bert";
import { VLBertConfig } from "./vl-bert-config";
import { vlBertConfigOf, vlBertRenames } from "./vl-bert-names";
import { VLBertRegionEmbeddings } from "./vl-bert-regions";

/** A batch of texts about images, padded to T tokens and O regions. */
export type VLBertInputs = {
  /** [B,T] int64; to answer a question [CLS] question [SEP] [MASK] [SEP] */
  readonly inputIds: Tensor;
  /** [B,T] int64: question 0, answer 1; 0 where not given */
  readonly tokenTypeIds?: Tensor | null;
  /** [B,T], 1 where there is a token; everywhere where not given */
  readonly attentionMask?: Tensor | null;
  /** [B,O,F]; region 0 is the whole image */
  readonly regionFeatures: Tensor;
  /** [B,O,4], x1, y1, x2, y2 in 0 .. 1 of the image's width and height */
  readonly regionBoxes: Tensor;
  /** [B,O], 1 where there is a region; everywhere where not given */
  readonly regionMask?: Tensor | null;
  /** [B,T] int64: the region that each word names; 0, the whole image, where not given */
  readonly wordRegions?: Tensor | null;
};

/**
 * Base of models around a VL-BERT, beside which there are the regions' embeddings:
 *
 *     features, boxes -> image_feature_extractor -> regions [B,O,D] -+
 *     words ---------------------------------------------------------+- vlbert -> hidden [B,S,D]
 */
export abstract class VLBertModel extends Model {
  static override readonly modelType = "vl-bert";
  static override readonly Config = VLBertConfig;
  static override readonly renames = vlBertRenames;
  static override readonly configOf = vlBertConfigOf;

  readonly image_feature_extractor: VLBertRegionEmbeddings;
  readonly object_linguistic_embeddings: Embedding;
  readonly vlbert: VLBert;

  constructor(
    readonly config: VLBertConfig,
    vlbert: (config: VLBertConfig) => VLBert = (size) => new VLBert(size),
  ) {
    super();
    this.image_feature_extractor = new VLBertRegionEmbeddings(config);
    this.object_linguistic_embeddings = new Embedding(1, config.hidden_size);
    this.vlbert = vlbert(config);
  }

  /** All that is beside the heads and the pooler, which belongs to some of them. */
  static override isBackbone(name: string): boolean {
    return (
      /^(image_feature_extractor|object_linguistic_embeddings|vlbert)\./.test(name) &&
      !/^vlbert\.(pooler|\w+_head)\./.test(name)
    );
  }

  /** Everything before the blocks: hidden [B,S,D] and mask [B,1,1,S]. */
  embed(inputs: VLBertInputs): Embedded {
    return this.vlbert.embed(this.parts(inputs));
  }

  /** The blocks: hidden [B,S,D] -> [B,S,D]. */
  encode(embedded: Embedded): Tensor {
    return this.vlbert.encode(embedded);
  }

  /** What VL-BERT embeds of the inputs. */
  protected parts(inputs: VLBertInputs): VLBertParts {
    const { inputIds, tokenTypeIds, regionFeatures, regionBoxes, regionMask, wordRegions } =
      checkInputs(this, inputs, TEXT_ON_REGIONS);
    const regions = this.image_feature_extractor.forward(regionFeatures, regionBoxes);
    return {
      inputIds,
      tokenTypeIds: tokenTypeIds ?? torch.zerosLike(inputIds),
      textMask: textMaskOf(inputs),
      regions,
      regionWord: this.object_linguistic_embeddings.weight,
      regionMask: presence(regionMask, regionFeatures.select(2, 0)),
      ...(wordRegions && { seen: regionsOfWords(regions, wordRegions) }),
    };
  }

  /** Initialises what is beside VL-BERT, in the order of the tree; for the end of constructors. */
  protected initialise(...heads: readonly Module[]): void {
    const { initializer_range } = this.config;
    const own = [this.image_feature_extractor, this.object_linguistic_embeddings];
    for (const part of [...own, ...heads]) initialiseLikeBert(part, initializer_range);
  }
}

/** Where there are tokens: [B,T] bool. */
export function textMaskOf({ inputIds, attentionMask }: VLBertInputs): Tensor {
  return presence(attentionMask, inputIds);
}

/** regions [B,O,D], numbers [B,T] int64 -> the region of each word [B,T,D]. */
function regionsOfWords(regions: Tensor, numbers: Tensor): Tensor {
  const [, , size] = regions.shape;
  return regions.gather(1, numbers.unsqueeze(-1).expand([-1, -1, size]));
}
