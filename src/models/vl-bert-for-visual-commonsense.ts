import { Dropout, Linear, Sequential } from "../nn";
import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkInputs, TEXT_ON_REGIONS } from "./inputs";
import { type Embedded, VLBert } from "./vl-bert";
import { VLBertConfig } from "./vl-bert-config";
import { type VLBertInputs, VLBertModel } from "./vl-bert-model";

/** A batch of questions with C choices each about an image; wordRegions too is [B,C,T]. */
export type VLBertChoiceInputs = VLBertInputs & {
  /** [B,C,T] int64: [CLS] question [SEP] choice [SEP] */
  readonly inputIds: Tensor;
};

export interface VLBertChoiceOutputs extends Record<string, Tensor> {
  /** [B,C,D], of each choice */
  pooled: Tensor;
  /** [B,C] */
  logits: Tensor;
}

/**
 * VL-BERT that chooses among answers or among reasons, as in VCR: a score for each choice by its
 * pooled output. Its blocks see B rows, one choice after the other, so that a decision about an
 * input serves all its choices.
 */
export class VLBertForVisualCommonsense extends VLBertModel {
  static override readonly architecture = "VLBertForVisualCommonsense";

  readonly final_mlp: Sequential;

  constructor(config: VLBertConfig = new VLBertConfig()) {
    super(config, (size) => new VLBert(size, { pools: true }));
    const { hidden_size, hidden_dropout_prob } = config;
    this.final_mlp = new Sequential(new Dropout(hidden_dropout_prob), new Linear(hidden_size, 1));
    this.initialise(this.final_mlp);
  }

  override forward(inputs: VLBertChoiceInputs): VLBertChoiceOutputs {
    const choices = this.embedChoices(inputs).map((choice) => this.encode(choice));
    const states = choices.map((hidden) => this.vlbert.pooler!.forward(hidden)); // C of [B,D]
    const pooled = torch.stack(states, 1);
    return { pooled, logits: this.final_mlp.forward(pooled).squeeze(-1) };
  }

  /** Everything before the blocks, all choices in a row: hidden [B,C S,D] and mask [B,1,1,C S]. */
  override embed(inputs: VLBertChoiceInputs): Embedded {
    const choices = this.embedChoices(inputs);
    return {
      hidden: torch.cat(
        choices.map(({ hidden }) => hidden),
        1,
      ),
      mask: torch.cat(
        choices.map(({ mask }) => mask),
        3,
      ),
    };
  }

  private embedChoices(inputs: VLBertChoiceInputs): Embedded[] {
    const { inputIds } = checkInputs(this, inputs, TEXT_ON_REGIONS);
    const numbers = [...Array(inputIds.shape[1]).keys()];
    return numbers.map((n) => super.embed(withChoice(inputs, n)));
  }
}

/** The inputs with one of the choices. */
function withChoice(inputs: VLBertChoiceInputs, n: number): VLBertInputs {
  const { inputIds, tokenTypeIds, attentionMask, wordRegions } = inputs;
  return {
    ...inputs,
    inputIds: inputIds.select(1, n),
    tokenTypeIds: tokenTypeIds?.select(1, n),
    attentionMask: attentionMask?.select(1, n),
    wordRegions: wordRegions?.select(1, n),
  };
}
