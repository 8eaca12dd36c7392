import * as alternative from "./alternative";
import { block, type Where } from "./site";
import type { TrainingParts } from "./weights";

/** Where x what: which modules are sites, which alternatives they all have, what else trains. */
export interface Strategy extends TrainingParts {
  readonly name: string;
  /** The sites; null in a static strategy, which decides nothing. */
  readonly where: Where | null;
  /** The alternatives of every site, in the order in which decisions number them. */
  readonly what: readonly alternative.Alternative[];
}

/** The parts outside the sites that train, as path patterns; all others stay frozen. */
export interface PartOptions {
  /** The answer head; `["final_mlp"]` by default. */
  readonly head?: readonly string[];
  /** More parts, such as `["vlbert.visual_1x1_text"]`; none by default. */
  readonly also?: readonly string[];
}

/**
 * SpotTune_Block: every transformer block is frozen or tuned, for each input anew
 * (after SpotTune, Guo et al. 2019, arXiv 1811.08737).
 */
export function spotTuneBlock(parts: PartOptions = {}): Strategy {
  return {
    name: "SpotTune_Block",
    where: block,
    what: [alternative.frozen, alternative.tuned],
    ...outsideSites(parts),
  };
}

/** Standard finetuning: everything trains but the parts that `except` names. */
export function standard({ except = [] }: { readonly except?: readonly string[] } = {}): Strategy {
  return { name: "standard", where: null, what: [], head: [], also: ["**"], except };
}

/** The pretrained model as it is, with a trained answer head. */
export function frozen(parts: PartOptions = {}): Strategy {
  return { name: "frozen", where: null, what: [], ...outsideSites(parts) };
}

/** The strategies by the names that recipes and the command line use. */
export const strategies = { SpotTune_Block: spotTuneBlock, standard, frozen } as const;

export type StrategyName = keyof typeof strategies;

/** The strategy of a name, with its defaults; throws for an unknown one, listing those known. */
export function strategyNamed(name: string): Strategy {
  if (!Object.hasOwn(strategies, name)) {
    throw new Error(`unknown strategy "${name}"; known are ${Object.keys(strategies).join(", ")}`);
  }
  return strategies[name as StrategyName]();
}

/** The parts outside the sites that train under the options. */
export function outsideSites({ head = ["final_mlp"], also = [] }: PartOptions): TrainingParts {
  return { head, also, except: [] };
}
