import { checkOptions } from "../../torch/errors";
import { frozenOrTuned } from "../alternative";
import { component } from "../site";
import { combine, type Strategy } from "../strategy";
import type { SpotTuneOptions } from "./spot-tune-block";

/** SpotTune: every attention head, attention output, intermediate and output is frozen or tuned. */
export function spotTune(options: SpotTuneOptions = {}): Strategy {
  const { tuned, ...parts } = checkOptions("spotTune", options, ["tuned", "head", "also"]);
  return combine("SpotTune", component, frozenOrTuned(tuned), parts);
}
