import type { Tensor } from "../../torch";
import {
  type ConvolutionOptions,
  convolution,
  type TransposedConvolutionOptions,
  transposedConvolution,
} from "../convolution";
import { type Named, named } from "./named";

// Convolutions, whose products are counted (`countFlops`).

/** What a convolution takes beside its input and weight. */
export interface ConvFunctionOptions extends ConvolutionOptions {
  readonly bias?: Tensor | null;
}

type Conv = (
  x: Tensor,
  weight: Tensor,
  ...args: Named<["bias", "stride", "padding", "dilation", "groups"], ConvFunctionOptions>
) => Tensor;

function conv(what: string): Conv {
  const names = "bias stride padding dilation groups";
  return (x, weight, ...args) => {
    const { bias = null, ...options } = named<ConvFunctionOptions>(what, names, args, {
      x,
      weight,
    });
    return convolution(x, weight, bias, options);
  };
}

/** x [B,n,L], weight [m,n/groups,k], bias [m] -> [B,m,L']. */
export const conv1d = conv("conv1d");
/** x [B,n,H,W], weight [m,n/groups,k,l], bias [m] -> [B,m,H',W']. */
export const conv2d = conv("conv2d");
/** x [B,n,Z,H,W], weight [m,n/groups,k,l,o], bias [m] -> [B,m,Z',H',W']. */
export const conv3d = conv("conv3d");

/** What a transposed convolution takes beside its input and weight. */
export interface ConvTransposeFunctionOptions extends TransposedConvolutionOptions {
  readonly bias?: Tensor | null;
}

type ConvTranspose = (
  x: Tensor,
  weight: Tensor,
  ...args: Named<
    ["bias", "stride", "padding", "outputPadding", "groups", "dilation"],
    ConvTransposeFunctionOptions
  >
) => Tensor;

function convTranspose(what: string): ConvTranspose {
  const names = "bias stride padding outputPadding groups dilation";
  return (x, weight, ...args) => {
    const { bias = null, ...options } = named<ConvTransposeFunctionOptions>(what, names, args, {
      x,
      weight,
    });
    return transposedConvolution(x, weight, bias, options);
  };
}

/** x [B,n,L], weight [n,m/groups,k], bias [m] -> [B,m,L']. */
export const convTranspose1d = convTranspose("convTranspose1d");
/** x [B,n,H,W], weight [n,m/groups,k,l], bias [m] -> [B,m,H',W']. */
export const convTranspose2d = convTranspose("convTranspose2d");
/** x [B,n,Z,H,W], weight [n,m/groups,k,l,o], bias [m] -> [B,m,Z',H',W']. */
export const convTranspose3d = convTranspose("convTranspose3d");
