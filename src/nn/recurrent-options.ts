import { isOptions } from "../torch/named-arguments";
import { named } from "./functions/named";
import type { FactoryOptions } from "./linear";
import { checkLayers } from "./size";

/** Options of recurrent layers. */
export interface RecurrentOptions extends FactoryOptions {
  /** Layers on top of each other; 1 by default. */
  readonly numLayers?: number;
  /** Whether biases are added; true by default. */
  readonly bias?: boolean;
  /** Whether batches are [B,T,n] in the place of [T,B,n]; false by default. */
  readonly batchFirst?: boolean;
  /** The probability that an output of all layers but the last is dropped in training; 0 by default. */
  readonly dropout?: number;
  /** Whether each layer also runs from the end, its outputs beside the other's; false by default. */
  readonly bidirectional?: boolean;
}

/** The number of layers, which may also be among the options, and the options. */
export type LayersAndOptions<Options extends RecurrentOptions> =
  | [numLayers?: number, options?: Options]
  | [options?: Options];

const known = "bias batchFirst dropout bidirectional device dtype";

/** Both in their places. Throws TypeError for options that are unknown; `more` are the class's own. */
export function layersFirst<Options extends RecurrentOptions>(
  what: string,
  args: LayersAndOptions<Options>,
  more: string,
): [numLayers: number, options: Omit<Options, "numLayers">] {
  const [first, second] = args as readonly unknown[];
  const options = isOptions(first) ? [first] : [first, second];
  const { numLayers = 1, ...rest } = named<Options & { numLayers?: number }>(
    what,
    `numLayers ${known} ${more}`.trim(),
    options,
  );
  return [numLayers, rest];
}

/** Throws RangeError for sizes, layers and probabilities that are none. */
export function checkRecurrent(
  what: string,
  sizes: Readonly<Record<string, number>>,
  numLayers: number,
  dropout: number,
): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (Number.isSafeInteger(size) && size > 0) continue;
    throw new RangeError(`${what}: ${name} is a whole number above 0, given ${size}`);
  }
  checkLayers(what, numLayers);
  if (!(dropout >= 0 && dropout <= 1)) {
    throw new RangeError(`dropout probability ${dropout} is not within 0 and 1`);
  }
  if (dropout > 0 && numLayers === 1) {
    process.emitWarning(
      `${what}: dropout comes after all layers but the last, so ${dropout} has no effect on one layer`,
    );
  }
}
