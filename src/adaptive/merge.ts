import { LinearStreams, Nothing } from "../models/stand-ins";
import { Buffer, type Module, Parameter } from "../nn";
import type { DecisionSpace } from "./decisions";
import { LinearHeads, NoHeads } from "./in-place-of";
import { withoutUpdates } from "./low-rank";
import { replaceModule } from "./replace-module";
import { RoutedModule } from "./routed-module";

/** Decisions for all inputs: the alternative of every site by number, or one for all by name. */
export type Mask = readonly number[] | string;

/**
 * The plain model that gives what a routed one gives under a mask, with weights of its own.
 *
 * Heads of several alternatives become one attention, low-rank updates are added to the weights,
 * and what is skipped or replaced has stand-ins. Throws for masks that do not fit.
 */
export function merge<M extends Module>(model: M, space: DecisionSpace, mask: Mask): M {
  const choices = choicesOf(mask, space);
  const merged = model.clone((weight) => weight);
  for (const [path, module] of merged.namedModules()) {
    if (module instanceof RoutedModule) {
      replaceModule(merged, path, () => standIn(module.merged(choices)));
    }
  }
  const plain = withoutUpdates(merged) as M;
  return plain.clone((weight) => {
    const values = weight.detach().clone();
    return weight instanceof Parameter ? new Parameter(values) : new Buffer(values);
  });
}

/** The choice of every decision; throws where a mask does not fit. */
function choicesOf(mask: Mask, { sites, alternatives }: DecisionSpace): readonly number[] {
  if (typeof mask === "string") {
    const choice = alternatives.indexOf(mask);
    if (choice >= 0) return sites.map(() => choice);
    throw new Error(`no alternative is called "${mask}"; there are ${alternatives.join(", ")}`);
  }
  const fits = mask.every((choice) => alternatives[choice] !== undefined);
  if (fits && mask.length === sites.length) return mask;
  throw new Error(
    `a mask has a number below ${alternatives.length} for each of ${sites.length} sites, ` +
      `given ${mask.length}: ${mask.join(", ")}`,
  );
}

/** What takes an attention's place as a whole, as models know it. */
function standIn(module: Module): Module {
  if (module instanceof NoHeads) return new Nothing(module.size);
  if (module instanceof LinearHeads) return new LinearStreams([module.linear]);
  return module;
}
