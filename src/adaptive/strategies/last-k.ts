import { checkOptions } from "../../torch/errors";
import { keep } from "../alternative";
import { block, last } from "../site";
import { combine, type PartOptions, type Strategy } from "../strategy";

export interface LastKOptions extends PartOptions {
  /** How many of the last blocks train; 4 by default. */
  readonly k?: number;
}

/** The last k blocks train, in the order of the module tree. */
export function lastK(options: LastKOptions = {}): Strategy {
  const { k = 4, ...parts } = checkOptions("lastK", options, ["k", "head", "also"]);
  return combine("last-k", last(k, block), [keep], parts);
}
