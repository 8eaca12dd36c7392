export { GELU, Identity, ReLU, Tanh } from "./activation";
export { type AttentionSize, MultiHeadAttention } from "./attention";
export { ModuleList, Sequential } from "./containers";
export { Conv2d, type Conv2dOptions } from "./conv";
export { Dropout } from "./dropout";
export { Embedding, type EmbeddingOptions } from "./embedding";
export * as functional from "./functional";
export * as init from "./init";
export { LayerNorm, type LayerNormOptions } from "./layer-norm";
export { type FactoryOptions, Linear, type LinearOptions } from "./linear";
export { type CopyWeight, Module, ownStorage, type Registered } from "./module";
export {
  type AttentionMask,
  attentionAcross,
  type Packed,
  PackedAttention,
  Packing,
  pack,
  packingOf,
  packTogether,
  whilePacked,
  whilePart,
  withoutPacking,
} from "./packing";
export { Buffer, Parameter } from "./parameter";
export { type LoadOptions, type LoadReport, uniqueWeights } from "./state";
