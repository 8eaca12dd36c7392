import type { Tensor } from "../torch";

/** What of a weight's name in a checkpoint is replaced by what; a name that vanishes is left out. */
export type Rename = readonly [from: RegExp, to: string];

/** Left by wrappers and by checkpoints of 2018 and 2019. */
const OLD_NAMES: readonly Rename[] = [
  [/^module\./, ""],
  [/\bgamma$/, "weight"],
  [/\bbeta$/, "bias"],
];

/** A state by the names of a model: those of wrappers and old layouts are replaced. */
export function renamed(
  state: Readonly<Record<string, Tensor>>,
  renames: readonly Rename[],
): Record<string, Tensor> {
  const rename = (name: string) =>
    [...OLD_NAMES, ...renames].reduce((changed, [from, to]) => changed.replace(from, to), name);
  const entries = Object.entries(state)
    .map(([name, tensor]) => [rename(name), tensor] as const)
    .filter(([name]) => name !== "");
  const names = new Set(entries.map(([name]) => name));
  if (names.size < entries.length) throw new Error("two of the names in it mean the same weight");
  return Object.fromEntries(entries);
}

/**
 * A state by the names that are wanted: whether a model is stored alone or as the part `prefix` of
 * one with heads, its weights are found.
 */
export function aligned(
  state: Readonly<Record<string, Tensor>>,
  wanted: ReadonlySet<string>,
  prefix: string,
): Record<string, Tensor> {
  const start = `${prefix}.`;
  const align = (name: string) => {
    if (prefix === "" || wanted.has(name)) return name;
    if (wanted.has(start + name)) return start + name;
    const inner = name.startsWith(start) ? name.slice(start.length) : name;
    return wanted.has(inner) ? inner : name;
  };
  return Object.fromEntries(Object.entries(state).map(([name, tensor]) => [align(name), tensor]));
}

/** Sizes by the shapes of weights: the end of a name, or a pattern, and the dimension to read. */
export function sizesOf<K extends string>(
  state: Readonly<Record<string, Tensor>>,
  places: Readonly<Record<K, readonly [name: string | RegExp, dimension: number]>>,
): Partial<Record<K, number>> {
  const entries = Object.entries<readonly [string | RegExp, number]>(places);
  const sizes = entries.flatMap(([key, [place, dimension]]) => {
    const fits = (name: string) =>
      typeof place === "string" ? `.${name}`.endsWith(`.${place}`) : place.test(name);
    const found = Object.entries(state).find(([name]) => fits(name));
    return found ? [[key, found[1].shape[dimension]] as const] : [];
  });
  return Object.fromEntries(sizes) as Partial<Record<K, number>>;
}

/** How many blocks the names number, by a pattern with the number as its group. */
export function countOf(names: readonly string[], pattern: RegExp): number {
  const numbers = names.flatMap((name) => {
    const match = pattern.exec(name);
    return match ? [Number(match[1])] : [];
  });
  return Math.max(-1, ...numbers) + 1;
}
