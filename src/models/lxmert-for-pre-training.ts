import type { Tensor } from "../torch";
import { initialiseLikeBert } from "./initialise";
import type { LxmertInputs, LxmertOutputs } from "./lxmert";
import { LxmertConfig } from "./lxmert-config";
import { LxmertAnswerHead, LxmertPreTrainingHeads, LxmertRegionHead } from "./lxmert-heads";
import { LxmertModel } from "./lxmert-model";

export interface LxmertPreTrainingOutputs extends LxmertOutputs {
  /** [B,T,V], masked words */
  wordLogits: Tensor;
  /** [B,2], text and image do not match, do match */
  matchLogits: Tensor;
}

/**
 * LXMERT as it is pre-trained: masked words, whether text and image match and, where the
 * configuration has them, what the regions are and the answers to questions.
 */
export class LxmertForPreTraining extends LxmertModel {
  static override readonly architecture = "LxmertForPreTraining";
  static override readonly tiedWords = [
    "lxmert.embeddings.word_embeddings.weight",
    "cls.predictions.decoder.weight",
  ] as const;

  readonly cls: LxmertPreTrainingHeads;
  readonly obj_predict_head: LxmertRegionHead | null;
  readonly answer_head: LxmertAnswerHead | null;

  constructor(config: LxmertConfig = new LxmertConfig()) {
    super(config);
    const { task_obj_predict, task_qa, initializer_range } = config;
    const words = this.lxmert.embeddings.word_embeddings;
    this.cls = new LxmertPreTrainingHeads(config, words.weight);
    this.obj_predict_head = task_obj_predict ? new LxmertRegionHead(config) : null;
    this.answer_head = task_qa ? new LxmertAnswerHead(config) : null;
    for (const head of [this.cls, this.obj_predict_head, this.answer_head]) {
      if (head) initialiseLikeBert(head, initializer_range);
    }
    words.fillPaddingWithZero();
  }

  /**
   * Beside the words and the match: objectLogits [B,O,1600], attributeLogits [B,O,400], features
   * [B,O,F] and answerLogits [B,A], those that the configuration has.
   */
  override forward(inputs: LxmertInputs): LxmertPreTrainingOutputs {
    const outputs = this.lxmert.forward(inputs);
    const { language, vision, pooled } = outputs;
    return {
      ...outputs,
      wordLogits: this.cls.predictions.forward(language),
      matchLogits: this.cls.seq_relationship.forward(pooled),
      ...this.obj_predict_head?.forward(vision),
      ...(this.answer_head && { answerLogits: this.answer_head.forward(pooled) }),
    };
  }
}
