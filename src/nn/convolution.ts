import type { Tensor } from "../torch";
import * as torch from "../torch";
import { count } from "./functional";
import type { Size } from "./size";

export interface ConvolutionOptions {
  /** Steps from one window to the next; 1 by default. */
  readonly stride?: Size;
  /** Zeros added on both sides, or as many as keep the size ("same"), or none ("valid"); 0 by default. */
  readonly padding?: Size | "same" | "valid";
  /** Steps between the elements of a window; 1 by default. */
  readonly dilation?: Size;
  /** Into how many independent parts the channels fall; 1 by default. */
  readonly groups?: number;
}

/** x [B,n,..], weight [m,n/groups,..] of one to three spatial dimensions, bias [m] -> [B,m,..]. */
export function convolution(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  { stride = 1, padding = 0, dilation = 1, groups = 1 }: ConvolutionOptions = {},
): Tensor {
  const convolve = FORWARD[weight.ndim - 3] as Convolve | undefined;
  if (!convolve)
    throw new RangeError(`a convolution's weight has 3 to 5 dimensions, given [${weight.shape}]`);
  const out = convolve(x, weight, bias, stride, padding, dilation, groups);
  count((2 * out.numel() * weight.numel()) / weight.shape[0], x.shape[0]);
  return out;
}

export interface TransposedConvolutionOptions {
  readonly stride?: Size;
  /** Rows cut off on both sides; 0 by default. */
  readonly padding?: Size;
  /** Rows added at the far side alone: which of the sizes that a stride maps to one; 0 by default. */
  readonly outputPadding?: Size;
  readonly groups?: number;
  readonly dilation?: Size;
}

/** x [B,n,..], weight [n,m/groups,..], bias [m] -> [B,m,..]: the gradient of a convolution as a layer. */
export function transposedConvolution(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  {
    stride = 1,
    padding = 0,
    outputPadding = 0,
    groups = 1,
    dilation = 1,
  }: TransposedConvolutionOptions = {},
): Tensor {
  const convolve = TRANSPOSED[weight.ndim - 3] as ConvolveTransposed | undefined;
  if (!convolve)
    throw new RangeError(`a convolution's weight has 3 to 5 dimensions, given [${weight.shape}]`);
  count((2 * x.numel() * weight.numel()) / weight.shape[0], x.shape[0]);
  return convolve(x, weight, bias, stride, padding, outputPadding, groups, dilation);
}

type Convolve = (
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  stride: Size,
  padding: Size | string,
  dilation: Size,
  groups: number,
) => Tensor;

type ConvolveTransposed = (
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  stride: Size,
  padding: Size,
  outputPadding: Size,
  groups: number,
  dilation: Size,
) => Tensor;

// By spatial dimensions, less one. The overloads with padding in words and in numbers are one here.
const FORWARD = [
  torch.conv1d,
  torch.conv2d,
  torch.conv3d,
] as readonly unknown[] as readonly Convolve[];
const TRANSPOSED: readonly ConvolveTransposed[] = [
  torch.convTranspose1d,
  torch.convTranspose2d,
  torch.convTranspose3d,
];
