import { init, type Module } from "../nn";
import type { Tensor } from "../torch";

/** How the weights of a checkpoint met those of a model. */
export interface PretrainedReport {
  /** How many tensors of the checkpoint were loaded. */
  readonly loaded: number;
  /** Weights of heads that the checkpoint does not have: they start anew. */
  readonly missing: readonly string[];
  /** Names in the checkpoint that the model does not have. */
  readonly unexpected: readonly string[];
  /** Weights of heads with other sizes than the checkpoint's: they start anew. */
  readonly resized: readonly string[];
}

export interface FitOptions {
  /** Whether the checkpoint is of this very model, so that no weight may be missing. */
  readonly exact: boolean;
  /** Whether weights of heads may have other sizes, as a changed configuration asks. */
  readonly resizes: boolean;
  /** Whether a weight is part of the pretrained network itself, which has to be given. */
  readonly isBackbone: (name: string) => boolean;
}

/**
 * Makes a model to load a checkpoint's weights into. Where they are all there, nothing is drawn only
 * to be overwritten.
 */
export function makeToLoad<M extends Module>(
  make: () => M,
  stateFor: (names: ReadonlySet<string>) => Readonly<Record<string, Tensor>>,
): { model: M; state: Readonly<Record<string, Tensor>> } {
  const draft = init.skip(make);
  const wanted = draft.stateDict();
  const state = stateFor(new Set(Object.keys(wanted)));
  const { missing } = absent(wanted, state);
  const fits = Object.keys(wanted).every(
    (name) => !state[name] || !differ(state[name], wanted[name]),
  );
  if (missing.length === 0 && fits) return { model: draft, state };
  for (const weight of new Set(Object.values(wanted))) weight.dispose();
  return { model: make(), state };
}

/**
 * Loads a checkpoint's weights into a model, all or none, and tells what was left out.
 *
 * Of another model's checkpoint the backbone has to be there as a whole; a module of a head is
 * either there as a whole or starts anew. Throws with all problems at once.
 */
export function loadPretrained(
  model: Module,
  state: Readonly<Record<string, Tensor>>,
  { exact, resizes, isBackbone }: FitOptions,
): PretrainedReport {
  const wanted = model.stateDict();
  if (exact && !resizes) {
    const strict = absent(wanted, state).missing.length > 0; // then all problems are told
    return { ...model.loadStateDict(state, { strict }), resized: [] };
  }
  const resized = Object.keys(wanted).filter(
    (name) => resizes && state[name] && !isBackbone(name) && differ(state[name], wanted[name]),
  );
  const fresh = new Set(resized.map(moduleOf));
  const given = Object.fromEntries(
    Object.entries(state).filter(
      ([name]) => Object.hasOwn(wanted, name) && !fresh.has(moduleOf(name)),
    ),
  );
  const { missing } = absent(wanted, given);
  const problems = missing.filter(
    (name) =>
      isBackbone(name) || Object.keys(given).some((other) => moduleOf(other) === moduleOf(name)),
  );
  if (problems.length > 0) throw new Error(explainMissing(problems, Object.keys(given).length));
  const { loaded } = model.loadStateDict(given, { strict: false });
  return {
    loaded,
    missing: missing.filter((name) => !fresh.has(moduleOf(name))),
    unexpected: Object.keys(state).filter((name) => !Object.hasOwn(wanted, name)),
    resized: Object.keys(wanted).filter((name) => fresh.has(moduleOf(name))),
  };
}

/** `473 tensors loaded, 0 missing, 2 unexpected (left out: cls.seq_relationship.*)` */
export function reportLine({ loaded, missing, unexpected, resized }: PretrainedReport): string {
  const names = (what: string, list: readonly string[]) =>
    list.length === 0 ? "" : ` (${what}: ${abridged(list)})`;
  const parts = [
    `${loaded} tensors loaded`,
    `${missing.length} missing${names("starting anew", missing)}`,
    `${unexpected.length} unexpected${names("left out", unexpected)}`,
  ];
  if (resized.length > 0) parts.push(`${resized.length} resized${names("starting anew", resized)}`);
  return parts.join(", ");
}

function absent(wanted: Readonly<Record<string, Tensor>>, given: Readonly<Record<string, Tensor>>) {
  const found = new Set(Object.keys(given).map((name) => wanted[name]));
  return { missing: Object.keys(wanted).filter((name) => !found.has(wanted[name])) };
}

function differ(a: Tensor, b: Tensor): boolean {
  return a.shape.join() !== b.shape.join();
}

function moduleOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf(".")));
}

function explainMissing(names: readonly string[], known: number): string {
  const shown = names.slice(0, 20).map((name) => `\n  missing: ${name}`);
  const more = names.length > 20 ? `\n  and ${names.length - 20} more` : "";
  return `weights are missing, nothing was loaded (${known} of its names known):${shown.join("")}${more}`;
}

/** At most five modules, those of a list of weights. */
function abridged(names: readonly string[]): string {
  const modules = [...new Set(names.map((name) => `${moduleOf(name)}.*`.replace(/^\.\*$/, name)))];
  const rest = modules.length > 5 ? `, and ${modules.length - 5} more` : "";
  return modules.slice(0, 5).join(", ") + rest;
}
