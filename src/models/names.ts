import type { Tensor } from "../torch";

/** What of a weight's name in a checkpoint is replaced by what; a name that vanishes is left out. */
export type Rename = readonly [from: RegExp, to: string];

/**
 * Left by wrappers (DataParallel, torch.compile, FullyShardedDataParallel, checkpointing), which may be
 * nested, and by checkpoints of 2018 and 2019.
 */
const OLD_NAMES: readonly Rename[] = [
  [/(^|\.)((_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\.)+/g, "$1"],
  [/^(module\.)+/, ""],
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

/** Where training states keep a model's weights, and what libraries put before the names of theirs. */
const WRAPPERS = [
  "state_dict",
  "model_state_dict",
  "model",
  "module",
  "net",
  "network",
  "base_model",
];

/** What a training state has beside a model: nothing that a model could miss. */
const OF_TRAINING = /^(optim\w*|\w*schedulers?|scaler|amp|rng\w*)\./;

/**
 * A model's part of what a file holds, and the names beside it: `model.` and its like are taken off, where a
 * training state has the weights below them or a library has put them before all names, as often as they
 * are there; `prefix` is the model's own.
 */
export function unwrapped(
  state: Readonly<Record<string, Tensor>>,
  prefix: string,
): { state: Record<string, Tensor>; beside: string[] } {
  const names = Object.keys(state);
  const wrapper = WRAPPERS.find(
    (one) => one !== prefix && names.some((name) => name.startsWith(`${one}.`)),
  );
  if (wrapper === undefined) return { state: { ...state }, beside: [] };
  const start = `${wrapper}.`;
  const inside = Object.entries(state).filter(([name]) => name.startsWith(start));
  const within = inside.map(([name, tensor]) => [name.slice(start.length), tensor] as const);
  const { state: found, beside } = unwrapped(Object.fromEntries(within), prefix);
  const outside = names.filter((name) => !name.startsWith(start) && !OF_TRAINING.test(name));
  return { state: found, beside: [...outside, ...beside] };
}

/** What all names begin with, up to a dot, as `encoder.`; "" where they share nothing. */
export function sharedPrefix(names: readonly string[]): string {
  const [first = "", ...others] = names;
  const parts = first.split(".").slice(0, -1);
  const starts = parts.map((_, depth) => `${parts.slice(0, depth + 1).join(".")}.`).reverse();
  return starts.find((start) => others.every((name) => name.startsWith(start))) ?? "";
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
  const found: Record<string, Tensor> = {};
  for (const [name, tensor] of Object.entries(state)) {
    const own = align(name);
    if (Object.hasOwn(found, own)) throw new Error(`two of the names in it mean ${own}`);
    found[own] = tensor;
  }
  return found;
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
