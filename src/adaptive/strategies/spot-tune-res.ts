import { checkOptions } from "../../torch/errors";
import { frozenOrTuned } from "../alternative";
import { segment } from "../site";
import { combine, type Strategy } from "../strategy";
import type { SpotTuneOptions } from "./spot-tune-block";

/** SpotTune_Res: every segment between two skip connections is frozen or tuned. */
export function spotTuneRes(options: SpotTuneOptions = {}): Strategy {
  const { tuned, ...parts } = checkOptions("spotTuneRes", options, ["tuned", "head", "also"]);
  return combine("SpotTune_Res", segment, frozenOrTuned(tuned), parts);
}
