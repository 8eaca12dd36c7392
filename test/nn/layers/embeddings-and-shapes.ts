import * as nn from "../../../src/nn";
import type { Cases } from "./case";

export const cases: Cases = {
  Embedding: () =>
    new nn.Embedding(7, 3, { paddingIdx: 0, maxNorm: 1, normType: 1, scaleGradByFreq: true }),
  EmbeddingBag: () => new nn.EmbeddingBag(7, 3),
  "EmbeddingBag sum": () => new nn.EmbeddingBag(7, 3, { mode: "sum", paddingIdx: 1 }),
  "EmbeddingBag max": () => new nn.EmbeddingBag(7, 3, { mode: "max", includeLastOffset: true }),
  "EmbeddingBag weighted": {
    make: () => new nn.EmbeddingBag(7, 3, { mode: "sum" }),
    run: (module, ids, weights) => (module as nn.EmbeddingBag).forward(ids, null, weights),
  },

  Flatten: () => new nn.Flatten(),
  "Flatten 0": () => new nn.Flatten(0, 1),
  Unflatten: () => new nn.Unflatten(1, [2, 3]),
  PixelShuffle: () => new nn.PixelShuffle(2),
  PixelUnshuffle: () => new nn.PixelUnshuffle(2),
  ChannelShuffle: () => new nn.ChannelShuffle(2),
  Unfold: () => new nn.Unfold([2, 3], { padding: 1, stride: 2 }),
  Fold: () => new nn.Fold([4, 5], [2, 3], { dilation: 1, padding: 1, stride: 2 }),
  Upsample: () => new nn.Upsample({ scaleFactor: 2 }),
  "Upsample size": () => new nn.Upsample({ size: [5, 3] }),
  "Upsample linear": () => new nn.Upsample({ scaleFactor: 1.7, mode: "linear" }),
  "Upsample bilinear": () => new nn.Upsample({ scaleFactor: [1.5, 2], mode: "bilinear" }),
  "Upsample aligned": () => new nn.Upsample({ size: 5, mode: "bilinear", alignCorners: true }),
  "Upsample bicubic": () =>
    new nn.Upsample({ scaleFactor: 1.5, mode: "bicubic", recomputeScaleFactor: true }),
  "Upsample trilinear": () => new nn.Upsample({ scaleFactor: 2, mode: "trilinear" }),
  ConstantPad1d: () => new nn.ConstantPad1d([2, 1], 0.5),
  ZeroPad2d: () => new nn.ZeroPad2d([1, 0, 2, 1]),
  ReflectionPad2d: () => new nn.ReflectionPad2d(1),
  ReplicationPad1d: () => new nn.ReplicationPad1d(2),
  CircularPad2d: () => new nn.CircularPad2d([1, 2, 0, 1]),
  CosineSimilarity: () => new nn.CosineSimilarity({ dim: -1 }),
  PairwiseDistance: () => new nn.PairwiseDistance({ p: 1.5, keepdim: true }),
};
