import { Model, type ModelClass } from "../models/model";
import { Buffer, type Module, Parameter } from "../nn";
import { matchPaths } from "./patterns";

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
    : new Buffer(weight.detach(), weight.persistent);
}

/** The same values in storage of their own; a parameter trains. */
export function owned(weight: Weight): Weight {
  return weight instanceof Parameter
    ? new Parameter(weight.detach().clone(), true)
    : new Buffer(weight.detach().clone(), weight.persistent);
}

/**
 * A model of the same structure whose trainable weights are copies and whose other weights share
 * storage with the given one. Throws, for all at once, where patterns match nothing.
 */
export function shareFrozen<M extends Module>(model: M, parts: TrainingParts): M {
  const training = trainingWeights(model, parts);
  return model.clone((weight) => (training.has(weight) ? owned(weight) : shared(weight)));
}

/** How much of a module trains, as `trainable: 3,686,400 of 3,089,625,088 (0.12 %)`. */
export function trainableLine(module: Module): string {
  const all = module.numParameters();
  const trainable = module.numParameters({ trainable: true });
  const percent = all === 0 ? 0 : (100 * trainable) / all;
  const format = (count: number) => count.toLocaleString("en-US");
  return `trainable: ${format(trainable)} of ${format(all)} (${percent.toFixed(2)} %)`;
}

/**
 * A model's answer head, by the names of its weights: what its class counts as no part of the
 * pretrained network. Weights that are tied to the network's are part of it.
 */
export function taskHead(model: Module): readonly string[] {
  if (!(model instanceof Model)) {
    throw new Error(
      `which part of ${model.constructor.name} is its answer head is for the strategy to say: ` +
        `{ head: ["path"] }, or { head: [] } where there is none`,
    );
  }
  const { isBackbone } = model.constructor as unknown as ModelClass;
  const state = Object.entries(model.stateDict());
  const inNetwork = (name: string) => isBackbone.call(model.constructor, name);
  const network = new Set(state.filter(([name]) => inNetwork(name)).map(([, weight]) => weight));
  if (network.size === 0) return []; // the network itself, without a head
  return state.filter(([, weight]) => !network.has(weight)).map(([name]) => name);
}

/** The paths of the outermost modules all of whose weights are below the patterns. */
export function modulesWithin(model: Module, patterns: readonly string[]): string[] {
  const parts = partsOf(model);
  const within = new Set(
    matchPaths(patterns, [...parts.keys()], "part").flatMap((path) => parts.get(path)!),
  );
  const found: string[] = [];
  for (const [path, module] of model.namedModules()) {
    const weights = Object.values(module.stateDict());
    const whole = weights.length > 0 && weights.every((weight) => within.has(weight));
    if (whole && !found.some((outer) => path.startsWith(`${outer}.`))) found.push(path);
  }
  return found;
}

/** The weights that train; tied ones do when one of their names does and none is left out. */
function trainingWeights(model: Module, { head, also, except }: TrainingParts): Set<Weight> {
  const parts = partsOf(model);
  const below = (...patterns: readonly string[]) => {
    const paths = matchPaths(patterns, [...parts.keys()], `part of ${model.constructor.name}`);
    return paths.flatMap((path) => parts.get(path)!);
  };
  below(...head, ...also, ...except); // reports all problems at once
  const left = new Set(below(...except));
  return new Set(below(...head, ...also).filter((weight) => !left.has(weight)));
}

/** All weights below each path, be it a module's or the beginning of a state name. */
function partsOf(model: Module): Map<string, readonly Weight[]> {
  const parts = new Map<string, readonly Weight[]>();
  const add = (path: string, weights: readonly Weight[]) =>
    parts.set(path, [...(parts.get(path) ?? []), ...weights]);
  for (const [name, weight] of Object.entries(model.stateDict())) {
    const names = name.split(".");
    for (const [depth] of names.entries()) add(names.slice(0, depth + 1).join("."), [weight]);
  }
  for (const [path, module] of model.namedModules()) add(path, Object.values(module.stateDict()));
  return parts;
}
