export {
  BertAttention,
  BertEncoder,
  BertFeedForward,
  BertIntermediate,
  BertLayer,
  BertOutput,
  BertPredictionHeadTransform,
  type BertSize,
} from "./bert";
export { coordinateEmbeddings } from "./coordinates";
export { Model } from "./model";
export { type Embedded, VLBert, type VLBertParts } from "./vl-bert";
export { VLBertConfig } from "./vl-bert-config";
export {
  VLBertForQuestionAnswering,
  type VLBertInputs,
  type VLBertOutputs,
} from "./vl-bert-for-question-answering";
