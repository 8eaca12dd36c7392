import * as nn from "../../../src/nn";
import type { Cases } from "./case";

export const cases: Cases = {
  BatchNorm1d: () => new nn.BatchNorm1d(3),
  "BatchNorm1d eval": { make: () => new nn.BatchNorm1d(3, { eps: 1e-3 }), evaluate: true },
  BatchNorm2d: () => new nn.BatchNorm2d(3, { momentum: 0.3 }),
  "BatchNorm2d averaged": () => new nn.BatchNorm2d(2, { momentum: null, affine: false }),
  "BatchNorm2d untracked": {
    make: () => new nn.BatchNorm2d(2, { trackRunningStats: false }),
    evaluate: true,
  },
  BatchNorm3d: () => new nn.BatchNorm3d(2),
  InstanceNorm1d: () => new nn.InstanceNorm1d(3, { affine: true }),
  InstanceNorm2d: () => new nn.InstanceNorm2d(3, { trackRunningStats: true }),
  "InstanceNorm2d eval": {
    make: () => new nn.InstanceNorm2d(3, { trackRunningStats: true }),
    evaluate: true,
  },
  "InstanceNorm2d unbatched": () => new nn.InstanceNorm2d(3),
  InstanceNorm3d: () => new nn.InstanceNorm3d(2),
  GroupNorm: () => new nn.GroupNorm(2, 4, { eps: 1e-3 }),
  RMSNorm: () => new nn.RMSNorm(5),
  "RMSNorm two": () => new nn.RMSNorm([2, 5], { eps: 1e-2, elementwiseAffine: false }),
};
