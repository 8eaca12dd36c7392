import * as nn from "../../../src/nn";
import type { Cases } from "./case";

export const cases: Cases = {
  Conv1d: () => new nn.Conv1d(4, 6, 3, { stride: 2, padding: 1, dilation: 2, groups: 2 }),
  "Conv1d same": () => new nn.Conv1d(2, 3, 4, { padding: "same" }),
  "Conv1d reflect": () =>
    new nn.Conv1d(2, 3, 3, { padding: 2, paddingMode: "reflect", bias: false }),
  Conv2d: () =>
    new nn.Conv2d(4, 2, [3, 2], { stride: [1, 2], padding: [2, 0], dilation: [2, 1], groups: 2 }),
  "Conv2d valid": () => new nn.Conv2d(2, 2, 2, { padding: "valid" }),
  "Conv2d circular same": () =>
    new nn.Conv2d(2, 2, [2, 3], { padding: "same", paddingMode: "circular" }),
  "Conv2d replicate": () => new nn.Conv2d(2, 2, 3, { padding: [1, 2], paddingMode: "replicate" }),
  "Conv2d unbatched": () => new nn.Conv2d(2, 2, 3),
  Conv3d: () => new nn.Conv3d(2, 3, 2, { stride: [2, 1, 1], padding: 1 }),
  ConvTranspose1d: () =>
    new nn.ConvTranspose1d(4, 2, 3, { stride: 2, padding: 1, outputPadding: 1, groups: 2 }),
  ConvTranspose2d: () =>
    new nn.ConvTranspose2d(2, 3, [3, 2], { stride: 2, dilation: [1, 2], bias: false }),
  "ConvTranspose2d sized": {
    make: () => new nn.ConvTranspose2d(2, 2, 3, { stride: 2, padding: 1 }),
    run: (module, x) => (module as nn.ConvTranspose2d).forward(x, [6, 5]),
  },
  ConvTranspose3d: () => new nn.ConvTranspose3d(2, 2, 2, { stride: 2 }),

  MaxPool1d: () => new nn.MaxPool1d(3, { stride: 2, padding: 1 }),
  MaxPool2d: () => new nn.MaxPool2d([3, 2], { dilation: [1, 2], ceilMode: true }),
  MaxPool3d: () => new nn.MaxPool3d(2),
  AvgPool1d: () => new nn.AvgPool1d(3, { padding: 1, countIncludePad: false }),
  AvgPool2d: () =>
    new nn.AvgPool2d(3, { stride: 2, padding: 1, ceilMode: true, divisorOverride: 5 }),
  AvgPool3d: () => new nn.AvgPool3d(2, { stride: 1 }),
  AdaptiveAvgPool1d: () => new nn.AdaptiveAvgPool1d(3),
  AdaptiveAvgPool2d: () => new nn.AdaptiveAvgPool2d([2, null]),
  AdaptiveAvgPool3d: () => new nn.AdaptiveAvgPool3d(2),
  AdaptiveMaxPool1d: () => new nn.AdaptiveMaxPool1d(3),
  AdaptiveMaxPool2d: () => new nn.AdaptiveMaxPool2d([3, 2]),
  AdaptiveMaxPool3d: () => new nn.AdaptiveMaxPool3d([1, 2, 2]),
};
