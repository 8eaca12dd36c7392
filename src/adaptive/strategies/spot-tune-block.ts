import { checkOptions } from "../../torch/errors";
import { type Alternative, frozenOrTuned } from "../alternative";
import { block } from "../site";
import { combine, type PartOptions, type Strategy } from "../strategy";

export interface SpotTuneOptions extends PartOptions {
  /** What finetuned twins are: copies by default, or `lowRank()`, or `biases`. */
  readonly tuned?: Alternative;
}

/**
 * SpotTune_Block: every transformer block is frozen or tuned, for each input anew
 * (after SpotTune, Guo et al. 2019, arXiv 1811.08737).
 */
export function spotTuneBlock(options: SpotTuneOptions = {}): Strategy {
  const { tuned, ...parts } = checkOptions("spotTuneBlock", options, ["tuned", "head", "also"]);
  return combine("SpotTune_Block", block, frozenOrTuned(tuned), parts);
}
