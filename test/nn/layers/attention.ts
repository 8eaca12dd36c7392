import * as nn from "../../../src/nn";
import * as torch from "../../../src/torch";
import type { Cases } from "./case";

const blocked = () => torch.ones([4, 4], { dtype: "bool" }).triu(1);
const padding = () =>
  torch.tensor([
    [false, false, false, false],
    [false, false, true, true],
  ]);
const small = { dimFeedforward: 5, dropout: 0 };

export const cases: Cases = {
  MultiheadAttention: {
    make: () => new nn.MultiheadAttention(6, 2),
    run: (module, x) => (module as nn.MultiheadAttention).forward(x, x, x)[0],
  },
  "MultiheadAttention masked": {
    make: () => new nn.MultiheadAttention(6, 2, { batchFirst: true }),
    run: (module, x) => {
      const masks = { keyPaddingMask: padding(), attnMask: blocked(), needWeights: false };
      return (module as nn.MultiheadAttention).forward(x, x, x, masks)[0];
    },
  },
  "MultiheadAttention weights": {
    make: () => new nn.MultiheadAttention(6, 2, { bias: false }),
    run: (module, query, key) => (module as nn.MultiheadAttention).forward(query, key, key)[1]!,
  },
  "MultiheadAttention heads": {
    make: () => new nn.MultiheadAttention(6, 2, { batchFirst: true }),
    run: (module, x) => {
      const options = { keyPaddingMask: padding(), averageAttnWeights: false };
      return (module as nn.MultiheadAttention).forward(x, x, x, options)[1]!;
    },
  },
  "MultiheadAttention widths": {
    make: () =>
      new nn.MultiheadAttention(6, 3, {
        kdim: 5,
        vdim: 4,
        addBiasKv: true,
        addZeroAttn: true,
        batchFirst: true,
      }),
    run: (module, query, key, value) => {
      const options = { keyPaddingMask: padding() };
      return (module as nn.MultiheadAttention).forward(query, key, value, options)[0];
    },
  },
  "MultiheadAttention unbatched": {
    make: () => new nn.MultiheadAttention(6, 2),
    run: (module, x) => (module as nn.MultiheadAttention).forward(x, x, x)[0],
  },
  TransformerEncoderLayer: {
    make: () => new nn.TransformerEncoderLayer(6, 2, small),
    run: (module, x) => {
      const masks = { srcMask: blocked(), srcKeyPaddingMask: padding() };
      return (module as nn.TransformerEncoderLayer).forward(x, masks);
    },
  },
  "TransformerEncoderLayer pre": () =>
    new nn.TransformerEncoderLayer(6, 2, {
      ...small,
      activation: "gelu",
      normFirst: true,
      batchFirst: true,
      bias: false,
      layerNormEps: 1e-3,
    }),
  TransformerDecoderLayer: {
    make: () => new nn.TransformerDecoderLayer(6, 2, small),
    run: (module, x, memory) => {
      const memoryKeyPaddingMask = padding().index(torch.slice(), torch.slice(1));
      const masks = { tgtMask: blocked(), memoryKeyPaddingMask };
      return (module as nn.TransformerDecoderLayer).forward(x, memory, masks);
    },
  },
  "TransformerDecoderLayer pre": () =>
    new nn.TransformerDecoderLayer(6, 2, { ...small, normFirst: true, batchFirst: true }),
  TransformerEncoder: () => {
    const layer = new nn.TransformerEncoderLayer(6, 2, { ...small, batchFirst: true });
    return new nn.TransformerEncoder(layer, 2, new nn.LayerNorm(6));
  },
};
