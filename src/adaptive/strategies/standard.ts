import { checkOptions } from "../../torch/errors";
import type { Strategy } from "../strategy";

/** Standard finetuning: everything trains but the parts that `except` names. */
export function standard(options: { readonly except?: readonly string[] } = {}): Strategy {
  const { except = [] } = checkOptions("standard", options, ["except"]);
  return { name: "standard", where: null, what: [], head: [], also: ["**"], except };
}
