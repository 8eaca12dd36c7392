import { allOnHost, alsoOnHost, onHost, remember } from "../nn";
import type { Tensor } from "../torch";
import * as torch from "../torch";

/**
 * What attention adds to its scores: [B,S] with 1 or true where there is something -> [B,1,1,S]. It is on the
 * host where that knows what is there: blocks leave padding out, and need no mask on the device.
 */
export function additiveMask(present: Tensor, { dtype }: Tensor): Tensor {
  const absent = onHost(present).to("bool").logicalNot(); // [B,S]
  const scores = torch.zeros(absent.shape, { dtype, device: absent.device });
  return scores.maskedFill(absent, -Infinity).unsqueeze(1).unsqueeze(1);
}

/** `additiveMask` of each, null where there is none: all of them on the host, or none. */
export function additiveMasks(
  masks: readonly (Tensor | null | undefined)[],
  like: Tensor,
): (Tensor | null)[] {
  const given = masks.filter((mask) => mask !== null && mask !== undefined);
  const present = allOnHost(given).map((mask) => additiveMask(mask, like));
  return masks.map((mask) => (mask ? present[given.indexOf(mask)] : null));
}

/** A mask as booleans; all true in the shape of `like` where there is none. */
export function presence(mask: Tensor | null | undefined, like: Tensor): Tensor {
  if (mask) return alsoOnHost(mask, (one) => one.to("bool"));
  const all = (device: string) => torch.ones(like.shape, { dtype: "bool", device });
  return like.device === "cpu" ? all("cpu") : remember(all(like.device), all("cpu"));
}
