import { Embedding, init } from "../nn";
import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkInputs, TEXT_ON_REGIONS } from "./inputs";
import type { VLBertParts } from "./vl-bert";
import { VLBertConfig } from "./vl-bert-config";
import { VLBertWithHeads } from "./vl-bert-heads";
import { type VLBertInputs, VLBertModel } from "./vl-bert-model";

/** Those of all VL-BERTs; a row whose regions are all absent is a text without an image. */
export type VLBertPreTrainingInputs = VLBertInputs & {
  /** [B,O], 1 where a region's features are hidden; nowhere where not given */
  readonly maskedRegions?: Tensor | null;
};

export interface VLBertPreTrainingOutputs extends Record<string, Tensor> {
  /** [B,S,D], S = T + O + 1: words, regions, the end */
  hidden: Tensor;
  /** [B,T,V], masked words, with visual clues */
  wordLogits: Tensor;
  /** [B,O,C], what masked regions are, with linguistic clues */
  regionLogits: Tensor;
  /** [B,2], text and image do not belong together, do */
  relationshipLogits: Tensor;
}

/**
 * VL-BERT as it is pre-trained: masked words, masked regions, and whether text and image belong
 * together (Su et al. 2020, arXiv 1908.08530, section 3.3 and appendix).
 */
export class VLBertForPreTraining extends VLBertModel {
  static override readonly architecture = "VLBertForPreTraining";
  static override readonly tiedWords = [
    "vlbert.word_embeddings.weight",
    "vlbert.mlm_head.predictions.decoder.weight",
  ] as const;

  declare readonly vlbert: VLBertWithHeads;
  /** In place of a hidden region's features: [1,F]. */
  readonly object_mask_visual_embedding: Embedding;
  /** In place of a hidden region's linguistic embedding: [1,D]. */
  readonly object_mask_word_embedding: Embedding;
  /** What the words of a text without an image see: [1,D]. */
  readonly aux_text_visual_embedding: Embedding;

  constructor(config: VLBertConfig = new VLBertConfig()) {
    super(config, (size) => new VLBertWithHeads(size));
    const { hidden_size, visual_size } = config;
    this.object_mask_visual_embedding = new Embedding(1, visual_size);
    this.object_mask_word_embedding = new Embedding(1, hidden_size);
    this.aux_text_visual_embedding = new Embedding(1, hidden_size);
    const { mlm_head, mvrc_head, relationsip_head } = this.vlbert;
    this.initialise(
      mlm_head,
      mvrc_head,
      relationsip_head,
      this.object_mask_word_embedding,
      this.aux_text_visual_embedding,
    );
    init.zeros_(this.object_mask_visual_embedding.weight);
  }

  override forward(inputs: VLBertPreTrainingInputs): VLBertPreTrainingOutputs {
    const { mlm_head, mvrc_head, relationsip_head, pooler } = this.vlbert;
    const hidden = this.encode(this.embed(inputs));
    const [, tokens] = inputs.inputIds.shape;
    const [, regions] = inputs.regionFeatures.shape;
    return {
      hidden,
      wordLogits: mlm_head.forward(hidden.narrow(1, 0, tokens)),
      regionLogits: mvrc_head.forward(hidden.narrow(1, tokens, regions)),
      relationshipLogits: relationsip_head.forward(pooler!.forward(hidden)),
    };
  }

  protected override parts(inputs: VLBertPreTrainingInputs): VLBertParts {
    const { maskedRegions, ...others } = inputs;
    const { regionFeatures } = checkInputs(this, others, TEXT_ON_REGIONS);
    if (!maskedRegions) return this.withoutImages(super.parts(others));
    const hides = maskedRegions.to("bool").unsqueeze(-1); // [B,O,1]
    const shown = torch.where(hides, this.object_mask_visual_embedding.weight, regionFeatures);
    const parts = super.parts({ ...others, regionFeatures: shown });
    const words = torch.where(hides, this.object_mask_word_embedding.weight, parts.regionWord);
    return this.withoutImages({ ...parts, regionWord: words });
  }

  /** The same, with what words see where there is no image. */
  private withoutImages(parts: VLBertParts): VLBertParts {
    const { regions, regionMask, seen = regions.narrow(1, 0, 1) } = parts;
    const hasImage = regionMask.any(1, true).unsqueeze(-1); // [B,1,1]
    const clues = torch.where(hasImage, seen, this.aux_text_visual_embedding.weight);
    return { ...parts, seen: clues };
  }
}
