import type { Tensor } from "../torch";
import { initialiseLikeBert } from "./initialise";
import type { LxmertInputs, LxmertOutputs } from "./lxmert";
import { LxmertConfig } from "./lxmert-config";
import { LxmertAnswerHead } from "./lxmert-heads";
import { LxmertModel } from "./lxmert-model";

export interface LxmertAnswerOutputs extends LxmertOutputs {
  /** [B,A] */
  logits: Tensor;
}

/** LXMERT that answers questions, as in VQA and GQA: scores for A answers by the pooled output. */
export class LxmertForQuestionAnswering extends LxmertModel {
  static override readonly architecture = "LxmertForQuestionAnswering";

  readonly answer_head: LxmertAnswerHead;

  constructor(config: LxmertConfig = new LxmertConfig()) {
    super(config);
    this.answer_head = new LxmertAnswerHead(config);
    initialiseLikeBert(this.answer_head, config.initializer_range);
  }

  /** Language and vision are zeros at padding, which no answer depends on. */
  override forward(inputs: LxmertInputs): LxmertAnswerOutputs {
    const outputs = this.lxmert.read(inputs);
    return { ...outputs, logits: this.answer_head.forward(outputs.pooled) };
  }
}
