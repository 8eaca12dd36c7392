import { hiddenName, LinearStreams } from "../models/stand-ins";
import type { Module } from "../nn";
import type { DecisionSpace } from "./decisions";
import { withoutUpdates } from "./low-rank";
import { choicesOf, type Mask } from "./mask";
import { replaceModule } from "./replace-module";
import { RoutedModule } from "./routed-module";
import { owned } from "./weights";

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
      const label = hiddenName(merged, path);
      replaceModule(merged, path, () => labelled(module.merged(choices), label));
    }
  }
  const plain = withoutUpdates(merged) as M;
  return plain.clone(owned);
}

/** What takes a module's place, with a name of its own in the state. */
export function labelled(module: Module, label: string): Module {
  if (module instanceof LinearStreams) return new LinearStreams([...module.streams], label);
  return module;
}
