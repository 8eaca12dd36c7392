import { Linear } from "../../nn";
import { isTarget, type LowRankOptions, lowRank } from "../low-rank";
import { combine, type PartOptions, type Strategy } from "../strategy";

export interface LoraOptions extends PartOptions, LowRankOptions {
  /** Which linear layers get an update; queries and values by default, as in the paper. */
  readonly targets?: readonly string[];
}

/** LoRA: linear layers train a low-rank update (Hu et al. 2022, arXiv 2106.09685). */
export function lora({
  rank,
  alpha,
  targets = ["query", "value"],
  ...parts
}: LoraOptions = {}): Strategy {
  const linears = (module: unknown, path: string) =>
    module instanceof Linear && isTarget(path, targets);
  return combine("LoRA", linears, [lowRank({ rank, alpha })], parts);
}
