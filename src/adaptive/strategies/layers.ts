import { checkOptions } from "../../torch/errors";
import { keep } from "../alternative";
import { block, numbered } from "../site";
import { combine, type PartOptions, type Strategy } from "../strategy";

export interface LayersOptions extends PartOptions {
  /** The numbers, from 0, of the blocks that train; [3, 4, 10, 11] by default. */
  readonly blocks?: readonly number[];
}

/** Some blocks train, by number in the order of the module tree. */
export function layers(options: LayersOptions = {}): Strategy {
  const { blocks = [3, 4, 10, 11], ...parts } = checkOptions("layers", options, [
    "blocks",
    "head",
    "also",
  ]);
  return combine("layers", numbered(blocks, block), [keep], parts);
}
