import { Buffer, type Module, Parameter } from "../nn";
import { matchesPath, matchPaths } from "./site";

/** A weight of a module: a parameter or a buffer. */
export type Weight = Parameter | Buffer;

/** Which weights train, as path patterns: what is below `head` or `also` but not below `except`. */
export interface TrainingParts {
  readonly head: readonly string[];
  readonly also: readonly string[];
  readonly except: readonly string[];
}

/** The same values in the same storage, without gradient. */
export function shared(weight: Weight): Weight {
  return weight instanceof Parameter
    ? new Parameter(weight.detach(), false)
    : new Buffer(weight.detach());
}

/** The same values in storage of their own; a parameter trains. */
export function owned(weight: Weight): Weight {
  return weight instanceof Parameter
    ? new Parameter(weight.detach().clone(), true)
    : new Buffer(weight.detach().clone());
}

/**
 * A model of the same structure whose trainable weights are copies and whose other weights share
 * storage with the given one. Throws, for all at once, where patterns match nothing.
 */
export function shareFrozen<M extends Module>(model: M, parts: TrainingParts): M {
  const training = trainingNames(model, parts);
  return model.clone((weight, name) => (training.has(name) ? owned(weight) : shared(weight)));
}

/** How much of a module trains, as `trainable: 3,686,400 of 3,089,625,088 (0.12 %)`. */
export function trainableLine(module: Module): string {
  const all = module.numParameters();
  const trainable = module.numParameters({ trainable: true });
  const percent = all === 0 ? 0 : (100 * trainable) / all;
  const format = (count: number) => count.toLocaleString("en-US");
  return `trainable: ${format(trainable)} of ${format(all)} (${percent.toFixed(2)} %)`;
}

/** The state names that train, all names of a tied weight where one of them does. */
function trainingNames(model: Module, { head, also, except }: TrainingParts): Set<string> {
  const state = Object.entries(model.stateDict());
  const paths = [...state.map(([name]) => name), ...model.namedModules().map(([path]) => path)];
  matchPaths([...head, ...also, ...except], paths, `part of ${model.constructor.name}`);
  const below = (patterns: readonly string[], name: string) =>
    patterns.some((pattern) => matchesPath(`${pattern}.**`, name));
  const trains = (name: string) => below([...head, ...also], name) && !below(except, name);
  const weights = new Set(state.filter(([name]) => trains(name)).map(([, weight]) => weight));
  return new Set(state.filter(([, weight]) => weights.has(weight)).map(([name]) => name));
}
