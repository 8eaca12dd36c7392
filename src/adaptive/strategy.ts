import { checkOptions } from "../torch/errors";
import type { Alternative } from "./alternative";
import type { Where } from "./site";
import type { TrainingParts } from "./weights";

/**
 * Where x what: which places are sites, which alternatives they all have, what else trains.
 *
 * A strategy whose sites have one alternative, or that has no sites, is static: it decides nothing,
 * and the alternative simply takes the place of what was there.
 */
export interface Strategy extends Omit<TrainingParts, "head"> {
  readonly name: string;
  /** The sites; null where there are none. */
  readonly where: Where | null;
  /** The alternatives of every site, in the order in which decisions number them. */
  readonly what: readonly Alternative[];
  /** The answer head, which trains; null for the model's own (`taskHead`). */
  readonly head: readonly string[] | null;
}

/** The parts outside the sites that train, as path patterns; all others stay frozen. */
export interface PartOptions {
  /** The answer head; by default what the model names as its `taskHead`. */
  readonly head?: readonly string[];
  /** More parts, such as `["vlbert.visual_1x1_text"]`; none by default. */
  readonly also?: readonly string[];
}

/** Any combination of the two axes. */
export function combine(
  name: string,
  where: Where | null,
  what: readonly Alternative[],
  parts: PartOptions = {},
): Strategy {
  return { name, where, what, ...outsideSites(parts, name) };
}

/** The parts outside the sites that train under the options. */
export function outsideSites(
  parts: PartOptions,
  strategy: string,
): Omit<Strategy, "name" | "where" | "what"> {
  const { head, also = [] } = checkOptions(strategy, parts, ["head", "also"]);
  return { head: head ?? null, also, except: [] };
}
