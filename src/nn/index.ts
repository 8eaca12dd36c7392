/**
 * Layers, losses, containers and initialisations, with PyTorch's names of parameters and buffers.
 *
 * Positional arguments are PyTorch's positional ones; its keywords are an options object at the end.
 * Shapes are in letters: B batch, T tokens, C channels or classes, D width, H heads or height, W width of
 * an image; `..` stands for any leading dimensions.
 *
 * @module adaptune/nn
 */
export {
  CELU,
  ELU,
  GELU,
  type GELUOptions,
  Hardswish,
  Identity,
  type InplaceOptions,
  LeakyReLU,
  Mish,
  ReLU,
  ReLU6,
  SELU,
  SiLU,
} from "./activation";
export {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveAvgPool3d,
  AdaptiveMaxPool1d,
  AdaptiveMaxPool2d,
  AdaptiveMaxPool3d,
  type OutputSize,
} from "./adaptive-pooling";
export { type AttentionSize, MultiHeadAttention } from "./attention";
export { BatchNorm1d, BatchNorm2d, BatchNorm3d, type BatchNormOptions } from "./batch-norm";
export { ModuleDict, ModuleList, Sequential } from "./containers";
export { Conv1d, Conv2d, type Conv2dOptions, Conv3d } from "./conv";
export type { ConvOptions, PaddingMode } from "./conv-nd";
export {
  ConvTranspose1d,
  ConvTranspose2d,
  ConvTranspose3d,
  type ConvTransposeOptions,
} from "./conv-transpose";
export { branchPoint, inForward } from "./draws";
export { Dropout } from "./dropout";
export {
  AlphaDropout,
  Dropout1d,
  Dropout2d,
  Dropout3d,
  FeatureAlphaDropout,
} from "./dropout-variants";
export { Embedding, type EmbeddingOptions } from "./embedding";
export { EmbeddingBag, type EmbeddingBagOptions } from "./embedding-bag";
export * as functional from "./functions";
export { GroupNorm, type GroupNormOptions } from "./group-norm";
export { type ForwardHook, type ForwardPreHook, isHooked, type RemovableHandle } from "./hooks";
export { allOnHost, alsoOnHost, knownOnHost, onHost, rememberOnHost, sendToDevice } from "./host";
export * as init from "./init";
export {
  InstanceNorm1d,
  InstanceNorm2d,
  InstanceNorm3d,
  type InstanceNormOptions,
} from "./instance-norm";
export { keepPacked, type PackedWeights } from "./keep-packed";
export { LayerNorm, type LayerNormOptions } from "./layer-norm";
export { type FactoryOptions, Linear, type LinearOptions } from "./linear";
export * from "./losses";
export { squareSubsequentMask } from "./masks";
export { type CopyWeight, Module, type MoveOptions, ownStorage, type Registered } from "./module";
export {
  type AttendOptions,
  MultiheadAttention,
  type MultiheadAttentionOptions,
} from "./multihead-attention";
export { PackedSequence } from "./packed-sequence";
export {
  type AttentionMask,
  attentionAcross,
  type Packed,
  PackedAttention,
  Packing,
  pack,
  packingOf,
  packTogether,
  rowNumber,
  rowNumbers,
  whilePacked,
  whilePart,
  withoutPacking,
} from "./packing";
export {
  CircularPad1d,
  CircularPad2d,
  ConstantPad1d,
  ConstantPad2d,
  ConstantPad3d,
  ReflectionPad1d,
  ReflectionPad2d,
  ReplicationPad1d,
  ReplicationPad2d,
  ZeroPad1d,
  ZeroPad2d,
  ZeroPad3d,
} from "./padding";
export { Buffer, Parameter } from "./parameter";
export { ParameterDict, ParameterList } from "./parameter-containers";
export {
  AvgPool1d,
  type AvgPool1dOptions,
  AvgPool2d,
  AvgPool3d,
  type AvgPoolOptions,
  MaxPool1d,
  MaxPool2d,
  MaxPool3d,
  type MaxPoolOptions,
} from "./pooling";
export { PReLU, type PReLUOptions } from "./prelu";
export {
  GRU,
  LSTM,
  type LSTMOptions,
  RNN,
  type RNNOptions,
  type Sequences,
} from "./recurrent";
export {
  type CellOptions,
  GRUCell,
  LSTMCell,
  RNNCell,
  type RNNCellOptions,
} from "./recurrent-cells";
export type { LayersAndOptions, RecurrentOptions } from "./recurrent-options";
export {
  ChannelShuffle,
  Flatten,
  Fold,
  PixelShuffle,
  PixelUnshuffle,
  Unflatten,
  Unfold,
  type UnfoldOptions,
} from "./reshape";
export { RMSNorm, type RMSNormOptions } from "./rms-norm";
export type { RunningNormOptions } from "./running-norm";
export {
  CosineSimilarity,
  type CosineSimilarityOptions,
  PairwiseDistance,
  type PairwiseDistanceOptions,
} from "./similarity";
export type { Size } from "./size";
export { GLU, LogSoftmax, Softmax, Softmax2d, Softmin } from "./softmax";
export {
  Hardshrink,
  Hardsigmoid,
  Hardtanh,
  LogSigmoid,
  Sigmoid,
  Softplus,
  Softshrink,
  Softsign,
  Tanh,
  Tanhshrink,
  Threshold,
} from "./squashing";
export { type LoadOptions, type LoadReport, tiedApart, uniqueWeights } from "./state";
export { hasStaticShapes, inOrderOf, withStaticShapes } from "./static-shapes";
export {
  type DecoderMasks,
  type EncoderMasks,
  TransformerDecoder,
  TransformerDecoderLayer,
  TransformerEncoder,
  TransformerEncoderLayer,
  type TransformerLayerOptions,
} from "./transformer";
export { type InterpolationMode, interpolate, Upsample, type UpsampleOptions } from "./upsample";
export * as utils from "./utils";
