import type { Tensor } from "../torch";
import * as torch from "../torch";

/** What attention adds to its scores: [B,S] with 1 or true where there is something -> [B,1,1,S]. */
export function additiveMask(present: Tensor, { dtype }: Tensor): Tensor {
  const absent = present.to("bool").logicalNot(); // [B,S]
  const scores = torch.zeros(absent.shape, { dtype, device: absent.device });
  return scores.maskedFill(absent, -Infinity).unsqueeze(1).unsqueeze(1);
}

/** A mask as booleans; all true in the shape of `like` where there is none. */
export function presence(mask: Tensor | null | undefined, like: Tensor): Tensor {
  return mask ? mask.to("bool") : torch.onesLike(like, { dtype: "bool" });
}
