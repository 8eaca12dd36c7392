import type { DType, Tensor } from "../torch";
import * as torch from "../torch";

/** A mask as it is added to scores: a boolean one is minus infinity where it is true. */
export function additive(mask: Tensor | null, dtype: DType): Tensor | null {
  if (mask === null || mask.dtype !== "bool") return mask?.to(dtype) ?? null;
  return torch.zeros(mask.shape, { dtype, device: mask.device }).maskedFill(mask, -Infinity);
}

/** A mask of keys as many as were added to them more: those are attended to. */
export function padMask(mask: Tensor | null, more: number): Tensor | null {
  return mask && more > 0 ? torch.pad(mask, [0, more]) : mask;
}

/** One mask that broadcasts to [B,H,S,S'] of one of queries [S,S'] or [B H,S,S'] and one of keys [B,S']. */
export function togetherMask(
  attention: Tensor | null,
  keys: Tensor | null,
  batch: number,
): Tensor | null {
  const between = attention?.ndim === 3 ? attention.unflatten(0, [batch, -1]) : attention;
  const over = keys?.view([batch, 1, 1, -1]) ?? null;
  return between && over ? between.add(over) : (between ?? over);
}

/** [S,S] minus infinity above the diagonal: nothing attends to what comes later. */
export function squareSubsequentMask(
  size: number,
  options: { readonly device?: string; readonly dtype?: DType } = {},
): Tensor {
  return torch.full([size, size], -Infinity, options).triu(1);
}
