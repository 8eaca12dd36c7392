import { checkOptions } from "../../torch/errors";
import { combine, type PartOptions, type Strategy } from "../strategy";

/** BitFit: all biases train (Ben Zaken et al. 2022, arXiv 2106.10199). */
export function bitFit(options: PartOptions = {}): Strategy {
  const { also = [], head } = checkOptions("bitFit", options, ["head", "also"]);
  return combine("BitFit", null, [], { head, also: ["**.bias", ...also] });
}
