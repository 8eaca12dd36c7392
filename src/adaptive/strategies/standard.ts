import type { Strategy } from "../strategy";

/** Standard finetuning: everything trains but the parts that `except` names. */
export function standard({ except = [] }: { readonly except?: readonly string[] } = {}): Strategy {
  return { name: "standard", where: null, what: [], head: [], also: ["**"], except };
}
