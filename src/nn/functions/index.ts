// torch.nn.functional: what is more than an operator is written here, the rest is the operator itself.
// docs/python-functions.md lists all of it.
export {
  adaptiveAvgPool1d,
  avgPool1d,
  avgPool2d,
  avgPool3d,
  bilinear,
  celu_,
  channelShuffle,
  convTbc,
  cosineEmbeddingLoss,
  cosineSimilarity,
  ctcLoss,
  elu_,
  hardshrink,
  hardtanh_,
  hingeEmbeddingLoss,
  leakyRelu_,
  maxPool1dWithIndices,
  maxPool2dWithIndices,
  maxPool3dWithIndices,
  multilabelMarginLoss,
  nativeChannelShuffle,
  normalize,
  oneHot,
  pad,
  pairwiseDistance,
  pdist,
  pixelShuffle,
  pixelUnshuffle,
  prelu,
  relu_,
  rmsNorm,
  rrelu_,
  selu_,
  sigmoid,
  softMarginLoss,
  softplus,
  softshrink,
  tanh,
  threshold_,
} from "../../torch";
export * from "../functional";
export { interpolate } from "../upsample";
export * from "./activations";
export {
  type HeadOptions,
  type MultiHeadForwardOptions,
  multiHeadAttentionForward,
} from "./attention";
export * from "./class-losses";
export * from "./convolutions";
export {
  alphaDropout,
  type DropoutOptions,
  dropout1d,
  dropout2d,
  dropout3d,
  featureAlphaDropout,
} from "./dropout";
export {
  type BagMode,
  type BagOptions,
  embedding,
  embeddingBag,
  type RowOptions,
} from "./embeddings";
export * from "./images";
export * from "./losses";
export * from "./norms";
export * from "./pooling";
