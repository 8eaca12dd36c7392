import { frozenOrTuned } from "../alternative";
import { component } from "../site";
import { combine, type Strategy } from "../strategy";
import type { SpotTuneOptions } from "./spot-tune-block";

/** SpotTune: every attention head, attention output, intermediate and output is frozen or tuned. */
export function spotTune({ tuned, ...parts }: SpotTuneOptions = {}): Strategy {
  return combine("SpotTune", component, frozenOrTuned(tuned), parts);
}
