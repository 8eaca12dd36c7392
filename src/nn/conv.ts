import { ConvNd, type ConvOptions } from "./conv-nd";
import type { Size } from "./size";

/** Options of `Conv2d`. */
export type Conv2dOptions = ConvOptions;

/** x [B,n,L] -> [B,m,L'] by windows of k, weight [m,n/groups,k]. */
export class Conv1d extends ConvNd {
  constructor(inChannels: number, outChannels: number, kernelSize: Size, options?: ConvOptions) {
    super(1, inChannels, outChannels, kernelSize, options);
  }
}

/** x [B,n,H,W] -> [B,m,H',W'] by windows of k x l, weight [m,n/groups,k,l]. */
export class Conv2d extends ConvNd {
  constructor(inChannels: number, outChannels: number, kernelSize: Size, options?: ConvOptions) {
    super(2, inChannels, outChannels, kernelSize, options);
  }
}

/** x [B,n,Z,H,W] -> [B,m,Z',H',W'] by windows of j x k x l, weight [m,n/groups,j,k,l]. */
export class Conv3d extends ConvNd {
  constructor(inChannels: number, outChannels: number, kernelSize: Size, options?: ConvOptions) {
    super(3, inChannels, outChannels, kernelSize, options);
  }
}
