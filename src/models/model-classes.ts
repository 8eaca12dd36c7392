import { Bert, BertForSequenceClassification } from "./bert-model";
import { Lxmert } from "./lxmert";
import { LxmertForPreTraining } from "./lxmert-for-pre-training";
import { LxmertForQuestionAnswering } from "./lxmert-for-question-answering";
import { LxmertForVisualReasoning } from "./lxmert-for-visual-reasoning";
import type { ModelClass } from "./model";
import { ViT, ViTForImageClassification } from "./vit";
import { VLBertForPreTraining } from "./vl-bert-for-pre-training";
import { VLBertForQuestionAnswering } from "./vl-bert-for-question-answering";
import { VLBertForReferringExpressions } from "./vl-bert-for-referring-expressions";
import { VLBertForVisualCommonsense } from "./vl-bert-for-visual-commonsense";

/**
 * The models that `Model.fromPretrained` knows; of those of one type it takes the first where the
 * configuration names no architecture.
 */
export const modelClasses: readonly ModelClass[] = [
  VLBertForQuestionAnswering,
  VLBertForPreTraining,
  VLBertForReferringExpressions,
  VLBertForVisualCommonsense,
  Lxmert,
  LxmertForPreTraining,
  LxmertForQuestionAnswering,
  LxmertForVisualReasoning,
  Bert,
  BertForSequenceClassification,
  ViT,
  ViTForImageClassification,
];
