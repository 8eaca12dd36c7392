/**
 * BERT, ViT, VL-BERT and LXMERT, with their heads, and the checkpoints that they read.
 *
 * @module adaptune/models
 */
export { normaliseVqaAnswer } from "./answer-text";
export {
  type AnswerHead,
  type AnswerTransfer,
  type TransferOptions,
  transferAnswers,
  transferLine,
} from "./answer-transfer";
export {
  BertAttention,
  BertEncoder,
  BertFeedForward,
  BertIntermediate,
  BertLayer,
  BertOutput,
  type BertSize,
} from "./bert";
export { BertConfig } from "./bert-config";
export { BertPredictionHeadTransform, MaskedWordsHead } from "./bert-heads";
export {
  Bert,
  type BertClassOutputs,
  BertForSequenceClassification,
  type BertInputs,
  type BertOutputs,
} from "./bert-model";
export {
  AttentionSegment,
  Block,
  FeedForwardSegment,
  type Positions,
  readThroughBlocks,
} from "./block";
export { coordinateEmbeddings } from "./coordinates";
export { Lxmert, type LxmertInputs, type LxmertOutputs, throughStreams } from "./lxmert";
export { LxmertConfig } from "./lxmert-config";
export { LxmertCrossLayer, type Streams } from "./lxmert-cross-layer";
export { LxmertForPreTraining, type LxmertPreTrainingOutputs } from "./lxmert-for-pre-training";
export {
  type LxmertAnswerOutputs,
  LxmertForQuestionAnswering,
} from "./lxmert-for-question-answering";
export {
  LxmertForVisualReasoning,
  type LxmertPairInputs,
  type LxmertPairOutputs,
} from "./lxmert-for-visual-reasoning";
export {
  type LxmertPreTrainingLabels,
  lxmertPreTrainingLoss,
  type RegionLabels,
} from "./lxmert-losses";
export { LxmertModel } from "./lxmert-model";
export { Model, type PretrainedOptions } from "./model";
export { type PretrainedReport, reportLine } from "./pretrained";
export { Pooler, TextEmbeddings } from "./text-embeddings";
export {
  ViT,
  type ViTClassOutputs,
  ViTForImageClassification,
  type ViTInputs,
  type ViTOutputs,
} from "./vit";
export { ViTConfig } from "./vit-config";
export { ViTAttention, ViTFeedForward, ViTLayer, ViTOutput } from "./vit-layer";
export { type Embedded, VLBert, type VLBertParts } from "./vl-bert";
export { VLBertConfig, type VLBertSize } from "./vl-bert-config";
export {
  VLBertForPreTraining,
  type VLBertPreTrainingInputs,
  type VLBertPreTrainingOutputs,
} from "./vl-bert-for-pre-training";
export { VLBertForQuestionAnswering, type VLBertOutputs } from "./vl-bert-for-question-answering";
export {
  VLBertForReferringExpressions,
  type VLBertRegionOutputs,
} from "./vl-bert-for-referring-expressions";
export {
  type VLBertChoiceInputs,
  type VLBertChoiceOutputs,
  VLBertForVisualCommonsense,
} from "./vl-bert-for-visual-commonsense";
export { type VLBertPreTrainingLabels, vlBertPreTrainingLoss } from "./vl-bert-losses";
export type { VLBertInputs } from "./vl-bert-model";
