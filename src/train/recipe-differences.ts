import { createHash } from "node:crypto";
import { type Recipe, resolveRecipe } from "./recipe";
import type { Meaning } from "./recipe-fields";
import { schemaAlong } from "./recipe-schema";

/** A key of a recipe whose value is another one than it was; null where there is none. */
export interface Difference {
  /** Dotted. */
  readonly key: string;
  readonly was: unknown;
  readonly now: unknown;
}

/** Every key that two recipes differ in, whatever it means. */
export function differences(was: Recipe, now: Recipe): Difference[] {
  const [before, after] = [leavesOf(was), leavesOf(now)];
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((key) => ({ key, was: before.get(key) ?? null, now: after.get(key) ?? null }))
    .filter((one) => JSON.stringify(one.was) !== JSON.stringify(one.now));
}

/** Whether a run is the same but for rounding with the one value as with the other; the schema says so. */
export function isFree({ key, was, now }: Difference, recipe: Recipe): boolean {
  const free = meaningOf("free", key, recipe);
  return free === true || (Array.isArray(free) && free.includes(was) && free.includes(now));
}

/** Whether a key says how a model is made, so that one that is there already cannot follow it. */
export function isOfTheStart({ key }: Difference, recipe: Recipe): boolean {
  return meaningOf("start", key, recipe) === true;
}

/** A line for each: `train.optimizer.lr: was 0.001, is 0.01`. */
export function describeDifferences(all: readonly Difference[]): string {
  const shown = (value: unknown) => JSON.stringify(value);
  return all.map(({ key, was, now }) => `  ${key}: was ${shown(was)}, is ${shown(now)}`).join("\n");
}

/** Equal where two recipes train the same model on the same data, but for rounding. */
export function fingerprintOf(recipe: Recipe, data: string): string {
  const fixed = [...leavesOf(recipe)]
    .filter(([key, value]) => !isFree({ key, was: value, now: value }, recipe))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([FORMAT, fixed, data]))
    .digest("hex")
    .slice(0, 16);
}

/** Raised when training itself changes, so that no model of an older one is taken for a new one. */
const FORMAT = 2;

/** A recipe that was written down by this or an earlier version, with what was not a key yet. */
export function completed(written: unknown): Recipe {
  try {
    return resolveRecipe(written);
  } catch {
    return written as Recipe; // a key that is none any more is a difference like another
  }
}

/** What the schema says of a key: at the key itself, or at the nearest section around it. */
function meaningOf<K extends keyof Meaning>(what: K, key: string, recipe: Recipe): Meaning[K] {
  const said = schemaAlong(key.split("."), recipe).flatMap((node) => node[what] ?? []);
  return said.at(-1) as Meaning[K];
}

/** All values that are no section, by dotted key. */
function leavesOf(section: object, path = ""): Map<string, unknown> {
  const leaves = new Map<string, unknown>();
  for (const [name, value] of Object.entries(section)) {
    const isSection = typeof value === "object" && value !== null && !Array.isArray(value);
    if (!isSection) leaves.set(path + name, value);
    else for (const [key, below] of leavesOf(value, `${path}${name}.`)) leaves.set(key, below);
  }
  return leaves;
}
