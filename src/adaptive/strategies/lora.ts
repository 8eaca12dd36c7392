import { Linear } from "../../nn";
import { checkOptions } from "../../torch/errors";
import { knownInstead } from "../../torch/nearest";
import { isTarget, type LowRankOptions, lowRank } from "../low-rank";
import type { Finder, Site } from "../site";
import { combine, type PartOptions, type Strategy } from "../strategy";

export interface LoraOptions extends PartOptions, LowRankOptions {
  /** Which linear layers get an update; queries and values by default, as in the paper. */
  readonly targets?: readonly string[];
}

/**
 * LoRA: linear layers train a low-rank update (Hu et al. 2022, arXiv 2106.09685). Adapting throws for a
 * target that matches none.
 */
export function lora(options: LoraOptions = {}): Strategy {
  const {
    rank,
    alpha,
    targets = ["query", "value"],
    ...parts
  } = checkOptions("LoRA", options, ["targets", "head", "also", "rank", "alpha"]);
  return combine("LoRA", linearLayers(targets), [lowRank({ rank, alpha })], parts);
}

/** The linear layers that are targets, each of which matches some. */
function linearLayers(targets: readonly string[]): Finder {
  const find = (places: readonly Site[]) => {
    const linears = places.filter(({ module, head }) => module instanceof Linear && head === null);
    const names = [...new Set(linears.map(({ path }) => path.split(".").at(-1)!))];
    const problems = targets
      .filter((target) => !linears.some(({ path }) => isTarget(path, [target])))
      .map((target) => `"${target}" matches no linear layer: ${knownInstead(target, names)}`);
    if (problems.length > 0) throw new Error(problems.join("\n"));
    return linears.filter(({ path }) => isTarget(path, targets));
  };
  return { find };
}
