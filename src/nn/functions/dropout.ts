import type { Tensor } from "../../torch";
import * as torch from "../../torch";
import { type Named, named } from "./named";

// Dropout of whole channels and of SELU's. `dropout` itself, whose draws follow the sample, is in functional.ts.

/** Options of dropouts. */
export interface DropoutOptions {
  /** The probability of being dropped; 0.5 by default. */
  readonly p?: number;
  /** Whether anything is; by default true, in alpha dropouts false. */
  readonly training?: boolean;
  /** Whether the input is written over; false by default. */
  readonly inplace?: boolean;
}

type Arguments = Named<["p", "training", "inplace"], DropoutOptions>;

/** Throws RangeError for what is no probability. */
export function checkProbability(p: number): void {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`dropout probability ${p} is not within 0 and 1`);
}

function options(
  what: string,
  x: Tensor,
  args: Arguments,
  byDefault: boolean,
): Required<DropoutOptions> {
  const given = named<DropoutOptions>(what, "p training inplace", args, { x });
  const { p = 0.5, training = byDefault, inplace = false } = given;
  checkProbability(p);
  return { p, training, inplace };
}

function ofChannels(what: string, x: Tensor, dims: number, args: Arguments): Tensor {
  const { p, training, inplace } = options(what, x, args, true);
  if (x.ndim !== dims && x.ndim !== dims - 1) {
    throw new RangeError(`${what}: expected ${dims - 1} or ${dims} dimensions, given [${x.shape}]`);
  }
  const drop = inplace ? torch.featureDropout_ : torch.featureDropout;
  // PyTorch takes three dimensions of `dropout2d` for a batch of signals.
  if (x.ndim === dims || dims === 4) return drop(x, p, training);
  return torch.scope(() => drop(x.unsqueeze(0), p, training).squeeze(0));
}

/** Drops whole channels of x [B,n,L] or [n,L]. */
export function dropout1d(x: Tensor, ...args: Arguments): Tensor {
  return ofChannels("dropout1d", x, 3, args);
}

/** Drops whole channels of x [B,n,H,W]. */
export function dropout2d(x: Tensor, ...args: Arguments): Tensor {
  return ofChannels("dropout2d", x, 4, args);
}

/** Drops whole channels of x [B,n,Z,H,W] or [n,Z,H,W]. */
export function dropout3d(x: Tensor, ...args: Arguments): Tensor {
  return ofChannels("dropout3d", x, 5, args);
}

/** Dropout that keeps mean 0 and variance 1, for SELU (Klambauer et al. 2017, arXiv 1706.02515). */
export function alphaDropout(x: Tensor, ...args: Arguments): Tensor {
  const { p, training, inplace } = options("alphaDropout", x, args, false);
  return (inplace ? torch.alphaDropout_ : torch.alphaDropout)(x, p, training);
}

/** `alphaDropout` of whole channels. */
export function featureAlphaDropout(x: Tensor, ...args: Arguments): Tensor {
  const { p, training, inplace } = options("featureAlphaDropout", x, args, false);
  return (inplace ? torch.featureAlphaDropout_ : torch.featureAlphaDropout)(x, p, training);
}
