import type { Tensor } from "../../torch";
import type { LossReduction } from "../losses/options";

/** Throws RangeError where a tensor has not the sizes of the input. */
export function requireSizes(what: string, tensor: Tensor, { shape }: Tensor): void {
  if (`${tensor.shape}` === `${shape}`) return;
  throw new RangeError(`${what} of [${tensor.shape}] does not fit an input of [${shape}]`);
}

/** Throws RangeError for another reduction. */
export function known(reduction: LossReduction): LossReduction {
  if (["none", "mean", "sum"].includes(reduction)) return reduction;
  throw new RangeError(`expected a reduction of "none", "mean" or "sum", given ${reduction}`);
}

/** As PyTorch: sizes that differ are broadcast, which is seldom what was meant. */
export function warnOfSizes(what: string, x: Tensor, target: Tensor): void {
  if (`${x.shape}` === `${target.shape}`) return;
  process.emitWarning(
    `${what}: a target of [${target.shape}] is broadcast with an input of [${x.shape}], which is seldom ` +
      "what is meant; give both the same sizes",
  );
}
