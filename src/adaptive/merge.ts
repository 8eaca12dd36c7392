import { LinearStreams, Nothing } from "../models/stand-ins";
import { Buffer, type Module, Parameter } from "../nn";
import type { DecisionSpace } from "./decisions";
import { LinearHeads, NoHeads } from "./in-place-of";
import { withoutUpdates } from "./low-rank";
import { choicesOf, type Mask } from "./mask";
import { replaceModule } from "./replace-module";
import { RoutedModule } from "./routed-module";

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

/** What takes an attention's place as a whole, as models know it. */
function standIn(module: Module): Module {
  if (module instanceof NoHeads) return new Nothing(module.size);
  if (module instanceof LinearHeads) return new LinearStreams([module.linear]);
  return module;
}
