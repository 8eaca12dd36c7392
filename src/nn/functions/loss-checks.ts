import type { Tensor } from "../../torch";
import * as torch from "../../torch";
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

/**
 * Both in one size. As PyTorch, which warns: sizes that differ are seldom meant. The operators broadcast by
 * themselves too, and give a gradient that is not summed.
 */
export function broadcast(what: string, x: Tensor, target: Tensor): readonly Tensor[] {
  if (`${x.shape}` === `${target.shape}`) return [x, target];
  const both = torch.broadcastTensors(x, target);
  process.emitWarning(
    `${what}: a target of [${target.shape}] is broadcast with an input of [${x.shape}], which is seldom ` +
      "what is meant; give both the same sizes",
  );
  return both;
}
