import { Dropout, Linear, Sequential } from "../nn";
import type { Tensor } from "../torch";
import { checkInputs, TEXT_ON_REGIONS } from "./inputs";
import type { Rename } from "./names";
import { VLBertConfig } from "./vl-bert-config";
import { VLBertRegionTransform } from "./vl-bert-heads";
import { type VLBertInputs, VLBertModel } from "./vl-bert-model";
import { vlBertRenames } from "./vl-bert-names";

export interface VLBertRegionOutputs extends Record<string, Tensor> {
  /** [B,S,D], S = T + O + 1: words, regions, the end */
  hidden: Tensor;
  /** [B,O], whether the text refers to the region; -10,000 where there is none */
  logits: Tensor;
}

/** Regions start where pre-training reads masked ones. */
const headRenames: readonly Rename[] = [[/^vlbert\.mvrc_head\.transform\./, "final_mlp.0."]];

/** VL-BERT that finds what a text refers to, as in RefCOCO+: a score for each region by its state. */
export class VLBertForReferringExpressions extends VLBertModel {
  static override readonly architecture = "VLBertForReferringExpressions";
  static override readonly renames = [...vlBertRenames, ...headRenames];

  readonly final_mlp: Sequential;

  constructor(config: VLBertConfig = new VLBertConfig()) {
    super(config);
    const { hidden_size, hidden_dropout_prob } = config;
    this.final_mlp = new Sequential(
      new VLBertRegionTransform(config),
      new Dropout(hidden_dropout_prob),
      new Linear(hidden_size, 1),
    );
    this.initialise(this.final_mlp);
  }

  override forward(inputs: VLBertInputs): VLBertRegionOutputs {
    const { inputIds, regionFeatures, regionMask } = checkInputs(this, inputs, TEXT_ON_REGIONS);
    const hidden = this.encode(this.embed(inputs));
    const regions = hidden.narrow(1, inputIds.shape[1], regionFeatures.shape[1]); // [B,O,D]
    const scores = this.final_mlp.forward(regions).squeeze(-1); // [B,O]
    const logits = regionMask
      ? scores.maskedFill(regionMask.to("bool").logicalNot(), NO_REGION)
      : scores;
    return { hidden, logits };
  }
}

/** Certain, and finite: a binary cross-entropy against 0 is 0. */
const NO_REGION = -10_000;
