import type { Sequential } from "../nn";
import type { Tensor } from "../torch";
import * as torch from "../torch";
import { throughBlocks } from "./block";
import { initialiseLikeBert } from "./initialise";
import { checkInputs, TEXT_AND_REGIONS } from "./inputs";
import { type LxmertEmbedded, type LxmertInputs, throughStreams } from "./lxmert";
import { LxmertConfig } from "./lxmert-config";
import { twoLayers } from "./lxmert-heads";
import { LxmertModel } from "./lxmert-model";
import { backboneRenames } from "./lxmert-names";

/** A batch of statements about two images each; the text is that of LXMERT. */
export type LxmertPairInputs = Omit<
  LxmertInputs,
  "regionFeatures" | "regionBoxes" | "regionMask"
> & {
  /** [B,2,O,F] */
  readonly regionFeatures: Tensor;
  /** [B,2,O,4] */
  readonly regionBoxes: Tensor;
  /** [B,2,O] */
  readonly regionMask?: Tensor | null;
};

export interface LxmertPairOutputs extends Record<string, Tensor> {
  /** [B,2D], of the text with the first and with the second image */
  pooled: Tensor;
  /** [B,2], the statement is false, is true */
  logits: Tensor;
}

/**
 * LXMERT that tells whether a statement holds for two images, as in NLVR2:
 *
 *     text -- layer ----+- x_layers with image 0 -> pooled [B,D] -+
 *     images - r_layers +- x_layers with image 1 -> pooled [B,D] -+- logit_fc -> logits [B,2]
 *
 * Its blocks see rows of B inputs, one image after the other, so that a decision about an input
 * serves both images; the words alone are read once.
 */
export class LxmertForVisualReasoning extends LxmertModel {
  static override readonly architecture = "LxmertForVisualReasoning";
  static override readonly renames = backboneRenames;

  readonly logit_fc: Sequential;

  constructor(config: LxmertConfig = new LxmertConfig()) {
    super(config);
    this.logit_fc = twoLayers(config, 2 * config.hidden_size, 2);
    initialiseLikeBert(this.logit_fc, config.initializer_range);
  }

  override forward(inputs: LxmertPairInputs): LxmertPairOutputs {
    const pair = checkInputs(this, inputs, TEXT_AND_REGIONS);
    const { encoder, pooler } = this.lxmert;
    const pairs = [0, 1].map((image) => this.lxmert.embedStreams(withImage(pair, image)));
    const [{ language, languageMask }] = pairs;
    const words = throughBlocks(encoder.layer, language, languageMask); // the same for both images
    const { r_layers, x_layers } = encoder;
    const pooledOf = (embedded: LxmertEmbedded) => {
      const streams = { ...embedded, language: words };
      return pooler.forward(throughStreams({ layer: [], r_layers, x_layers }, streams)[0]);
    };
    const pooled = torch.cat(pairs.map(pooledOf), 1); // [B,2D]
    return { pooled, logits: this.logit_fc.forward(pooled) };
  }

  /** Everything before the blocks, by stream: the regions of both images as one, [B,2O,D]. */
  override embedStreams(inputs: LxmertPairInputs): LxmertEmbedded {
    const pair = checkInputs(this, inputs, TEXT_AND_REGIONS);
    const [first, second] = [0, 1].map((n) => this.lxmert.embedStreams(withImage(pair, n)));
    const masks = [first.visionMask, second.visionMask].filter((mask) => mask !== null);
    return {
      ...first,
      vision: torch.cat([first.vision, second.vision], 1),
      visionMask: masks.length === 0 ? null : torch.cat(masks, 3),
    };
  }

  /** Everything before the blocks, the text and both images: hidden [B,T+2O,D], mask [B,1,1,T+2O]. */
  override embed(inputs: LxmertPairInputs): { hidden: Tensor; mask: Tensor } {
    const pair = checkInputs(this, inputs, TEXT_AND_REGIONS);
    const [first, second] = [0, 1].map((image) => this.lxmert.embed(withImage(pair, image)));
    const [, text] = inputs.inputIds.shape;
    return {
      hidden: torch.cat([first.hidden, second.hidden.slice(1, text)], 1),
      mask: torch.cat([first.mask, second.mask.slice(3, text)], 3),
    };
  }
}

/** The text with one of the two images. */
function withImage(inputs: LxmertPairInputs, image: number): LxmertInputs {
  const { regionFeatures, regionBoxes, regionMask } = inputs;
  return {
    ...inputs,
    regionFeatures: regionFeatures.select(1, image),
    regionBoxes: regionBoxes.select(1, image),
    regionMask: regionMask?.select(1, image),
  };
}
