import os from "node:os";
import { init, type Module, uniqueWeights } from "../nn";
import type { Tensor } from "../torch";
import { sharedPrefix } from "./names";

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
  /** Weights that are usually others' by another name, and have values of their own in the checkpoint. */
  readonly untied: readonly string[];
  /** Entries of the configuration that mean nothing to the model. */
  readonly unused: readonly string[];
}

/** What of a report is known by the weights alone. */
type WeightsReport = Omit<PretrainedReport, "untied" | "unused">;

export interface FitOptions {
  /** Whether the checkpoint is of this very model, so that no weight may be missing. */
  readonly exact: boolean;
  /** Whether weights of heads may have other sizes, as a changed configuration asks. */
  readonly resizes: boolean;
  /** Whether a weight may be missing even of the very model's checkpoint, as a pooler may. */
  readonly isOptional: (name: string) => boolean;
  /** Whether a weight is part of the pretrained network itself, which has to be given. */
  readonly isBackbone: (name: string) => boolean;
}

/**
 * Fills a model with a checkpoint's weights, all or none, and tells what was left out: the draft, or
 * where weights are to start anew, one that `make` makes.
 *
 * Of another model's checkpoint the backbone has to be there as a whole; a module of a head is
 * either there as a whole or starts anew. All that is wrong is found before a weight is drawn, and
 * where all are there, none is drawn only to be overwritten. Throws with all problems at once.
 */
export function fill<M extends Module>(
  draft: M,
  make: () => M,
  state: Readonly<Record<string, Tensor>>,
  fit: FitOptions,
): { model: M; report: WeightsReport } {
  const wanted = draft.stateDict();
  const knows = Object.keys(state).some((name) => Object.hasOwn(wanted, name));
  const isWhole = absent(wanted, state).missing.every(fit.isOptional);
  if (fit.exact && !fit.resizes && knows && !isWhole) draft.loadStateDict(state); // tells all problems
  const { given, fresh, ...report } = meet(draft, state, fit);
  const { loaded } = draft.loadStateDict(given, { strict: false });
  if (fresh.length === 0) return { model: draft, report: { ...report, loaded } };
  disposeWeights(draft);
  const model = make();
  model.loadStateDict(given, { strict: false });
  return { model, report: { ...report, loaded } };
}

/**
 * A module whose weights hold anything. What they hold is written to nowhere, so memory is not taken yet:
 * throws where there would not be enough.
 */
export function makeDraft<M extends Module>(make: () => M): M {
  const draft = init.skip(make);
  const bytes = uniqueWeights(Object.entries(draft.stateDict())).reduce(
    (sum, [, weight]) => sum + weight.numel() * weight.elementSize(),
    0,
  );
  const there = Math.min(os.totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  if (bytes <= there) return draft;
  disposeWeights(draft);
  const gigabytes = (count: number) =>
    `${(count / 1e9).toLocaleString("en", { maximumFractionDigits: 1 })} GB`;
  throw new Error(
    `its weights take ${gigabytes(bytes)} by the sizes in its configuration, and this machine has ` +
      `${gigabytes(there)}; are the sizes right?`,
  );
}

export function disposeWeights(module: Module): void {
  for (const weight of new Set(Object.values(module.stateDict()))) weight.dispose();
}

/** Which of a checkpoint's weights a model takes, and which of its own start anew. */
function meet(model: Module, state: Readonly<Record<string, Tensor>>, fit: FitOptions) {
  const { exact, resizes, isBackbone, isOptional } = fit;
  const wanted = model.stateDict();
  const resized = Object.keys(wanted).filter(
    (name) => resizes && state[name] && !isBackbone(name) && differ(state[name], wanted[name]),
  );
  const resizedModules = new Set(resized.map(moduleOf));
  const given = Object.fromEntries(
    Object.entries(state).filter(
      ([name]) => Object.hasOwn(wanted, name) && !resizedModules.has(moduleOf(name)),
    ),
  );
  const { missing } = absent(wanted, given);
  const unexpected = Object.keys(state).filter((name) => !Object.hasOwn(wanted, name));
  const started = new Set(Object.keys(given).map(moduleOf));
  const isNeeded = (name: string) =>
    (exact && !resizes && !isOptional(name)) || isBackbone(name) || started.has(moduleOf(name));
  const lacking = missing.filter(isNeeded);
  if (lacking.length > 0) throw new Error(explainMissing(lacking, given, unexpected));
  return {
    given,
    fresh: missing,
    missing: missing.filter((name) => !resizedModules.has(moduleOf(name))),
    unexpected,
    resized: Object.keys(wanted).filter((name) => resizedModules.has(moduleOf(name))),
  };
}

/** `473 tensors loaded, 0 missing, 2 unexpected (left out: cls.seq_relationship.*)` */
export function reportLine(report: PretrainedReport): string {
  const { loaded, missing, unexpected, resized, untied, unused } = report;
  const names = (what: string, list: readonly string[]) =>
    list.length === 0 ? "" : ` (${what}: ${abridged(list)})`;
  const parts = [
    `${loaded} tensors loaded`,
    `${missing.length} missing${names("starting anew", missing)}`,
    `${unexpected.length} unexpected${names("left out", unexpected)}`,
  ];
  if (resized.length > 0) parts.push(`${resized.length} resized${names("starting anew", resized)}`);
  if (untied.length > 0)
    parts.push(`${untied.length} untied${names("with values of its own", untied)}`);
  if (unused.length > 0) parts.push(`not used of its configuration: ${unused.join(", ")}`);
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

function explainMissing(
  names: readonly string[],
  given: Readonly<Record<string, Tensor>>,
  unexpected: readonly string[],
): string {
  const known = Object.keys(given).length;
  const lines = [
    ...few("missing", names),
    ...(known === 0 ? [strangers(unexpected)] : few("unexpected", unexpected)),
  ];
  return `weights are missing, nothing was loaded (${known} of its names known):\n  ${lines.join("\n  ")}`;
}

function few(what: string, names: readonly string[]): string[] {
  const more = names.length > 20 ? [`and ${names.length - 20} more`] : [];
  return [...names.slice(0, 20).map((name) => `${what}: ${name}`), ...more];
}

/** Of a checkpoint that has no name of the model's. */
function strangers(names: readonly string[]): string {
  if (names.length === 0) return "the checkpoint has no tensors";
  if (names.some((name) => /\.lora_[AB]\./.test(name))) {
    return (
      `it is an adapter of PEFT's (${names[0]}): in Python, merge_and_unload() and save_pretrained() ` +
      "give a model that can be read"
    );
  }
  const prefix = sharedPrefix(names);
  if (prefix === "") return `its names are others, such as ${names[0]}: is it of this model?`;
  return (
    `all ${names.length} names in the checkpoint begin with "${prefix}", such as ${names[0]}: ` +
    "take that off the names, or read it as the model that it is of"
  );
}

/** At most five modules, those of a list of weights. */
function abridged(names: readonly string[]): string {
  const modules = [...new Set(names.map((name) => `${moduleOf(name)}.*`.replace(/^\.\*$/, name)))];
  const rest = modules.length > 5 ? `, and ${modules.length - 5} more` : "";
  return modules.slice(0, 5).join(", ") + rest;
}
