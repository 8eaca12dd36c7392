import { noGrad, scope, Tensor } from "../torch";
import { checkOptions, describe } from "../torch/errors";

/** Options of `loadStateDict`. */
export interface LoadOptions {
  /** Whether missing and unexpected names are errors; true by default. */
  readonly strict?: boolean;
}

/** What became of the names when a state was loaded. */
export interface LoadReport {
  /** How many of the given tensors were copied. */
  readonly loaded: number;
  /** Names of weights that were not given. */
  readonly missing: string[];
  /** Names given that no weight has. */
  readonly unexpected: string[];
}

/**
 * Copies given tensors into the weights of the same names, all or none.
 *
 * @throws Error that lists all problems, `owner` being whose weights they are.
 */
export function loadState(
  weights: readonly (readonly [string, Tensor])[],
  given: Readonly<Record<string, Tensor>>,
  owner: string,
  options: LoadOptions = {},
): LoadReport {
  const { strict = true } = checkOptions("loadState", options, ["strict"]);
  if (typeof given !== "object" || given === null) {
    throw new TypeError(`loadStateDict: expected tensors by name, given ${describe(given)}`);
  }
  const names = new Set(weights.map(([name]) => name));
  const missing = missingNames(weights, given);
  const unexpected = Object.keys(given).filter((name) => !names.has(name));
  const pairs = weights.filter(([name]) => Object.hasOwn(given, name));
  const problems = pairs.flatMap(([name, weight]) => mismatch(name, weight, given[name]));
  if (strict) {
    problems.push(...missing.map((name) => `missing: ${name}`));
    problems.push(...unexpected.map((name) => `unexpected: ${name}`));
  }
  if (problems.length === 0) problems.push(...tiedApart(weights, given).map(explainTied));
  if (problems.length > 0) {
    throw new Error(
      `the state does not fit ${owner}, nothing was loaded (${missing.length} missing, ` +
        `${unexpected.length} unexpected, ${pairs.length} of its names known):\n  ${problems.join("\n  ")}`,
    );
  }
  noGrad(() => {
    for (const [name, weight] of pairs) weight.copy_(given[name]);
  });
  return { loaded: pairs.length, missing, unexpected };
}

/** Each weight of a state once, by its first name. */
export function uniqueWeights<W extends Tensor>(state: readonly [string, W][]): [string, W][] {
  const seen = new Set<Tensor>();
  return state.filter(([, weight]) => !seen.has(weight) && seen.add(weight));
}

/**
 * The names of tied weights, which are one weight, that are given different values: loading would
 * keep one of them. Each weight's names in a list of their own, those not given left out.
 */
export function tiedApart(
  weights: readonly (readonly [string, Tensor])[],
  given: Readonly<Record<string, Tensor>>,
): string[][] {
  const namesOf = new Map<Tensor, string[]>();
  for (const [name, weight] of weights) {
    if (Object.hasOwn(given, name)) namesOf.set(weight, [...(namesOf.get(weight) ?? []), name]);
  }
  return [...namesOf.values()].filter(([first, ...others]) =>
    others.some((name) => !sameValues(given[first], given[name])),
  );
}

function explainTied(names: readonly string[]): string {
  return (
    `tied: ${names.join(" and ")} are one weight here, given different values; give one of them, ` +
    "or untie them first, each with a Parameter of its own"
  );
}

/** Whether two tensors of one shape hold the same numbers, NaN being like NaN. */
function sameValues(a: Tensor, b: Tensor): boolean {
  if (a === b) return true;
  if (a.shape.join() !== b.shape.join()) return false;
  return scope(() => {
    const other = b.to({ device: a.device, dtype: a.dtype });
    if (a.equal(other)) return true;
    if (!a.isFloatingPoint()) return false;
    return Boolean(a.eq(other).logicalOr(a.isnan().logicalAnd(other.isnan())).all().item());
  });
}

/** The names not given, but for those of tied weights that are given by another name. */
function missingNames(
  weights: readonly (readonly [string, Tensor])[],
  given: Readonly<Record<string, Tensor>>,
): string[] {
  const found = new Set(
    weights.flatMap(([name, weight]) => (Object.hasOwn(given, name) ? [weight] : [])),
  );
  return weights.filter(([, weight]) => !found.has(weight)).map(([name]) => name);
}

function mismatch(name: string, weight: Tensor, given: unknown): string[] {
  if (!(given instanceof Tensor)) return [`not a tensor: ${name}`];
  if (given.shape.join() === weight.shape.join()) return [];
  return [`shape: ${name} is [${weight.shape.join(", ")}], given [${given.shape.join(", ")}]`];
}
