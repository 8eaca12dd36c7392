import type { Module } from "../nn";
import { linearInPlaceOf, nothingInPlaceOf } from "./in-place-of";
import type { Part } from "./site";
import { owned } from "./weights";

/**
 * What can run at a site. A new kind of alternative is one more object like those below.
 *
 * `build` is handed the site's module with frozen weights, which share storage with the pretrained
 * model, and what part of a transformer it is: it returns that module or makes another, and never
 * changes the one it was given. For heads it is handed the attention that all of them are in.
 */
export interface Alternative {
  /** As it appears in decisions, tables and, unless `keepsNames`, in the state's names. */
  readonly name: string;
  /** Whether its weights stay under the site's own names in the state (`layer.0.attention...`). */
  readonly keepsNames: boolean;
  /** What it is, so that it can be written and made again; a user's own need not have one. */
  readonly content?: AlternativeContent;
  build(site: Module, part: Part): Module;
}

/** What an alternative is, as `adaptive.json` has it. */
export type AlternativeContent =
  | { readonly kind: "frozen" | "copy" | "nothing" | "linear" | "biases" }
  | {
      readonly kind: "low-rank";
      readonly rank: number;
      readonly alpha: number;
      readonly targets?: readonly string[];
    };

/** The pretrained module as it is. */
export const frozen: Alternative = {
  name: "frozen",
  keepsNames: true,
  content: { kind: "frozen" },
  build: (site) => site,
};

/** The finetuned twin: the same module with weights of its own, which start as the pretrained. */
export const tuned: Alternative = {
  name: "tuned",
  keepsNames: false,
  content: { kind: "copy" },
  build: (site) => site.clone(owned),
};

/** The module itself, which trains and keeps its names: for sites without a frozen twin. */
export const keep: Alternative = { ...tuned, name: "keep", keepsNames: true };

/**
 * Nothing at all (BlockDrop, arXiv 1711.08393): what would have come in passes on, past an output
 * its residual; in place of a head or an intermediate, from where no skip connection starts, zeros.
 */
export const skip: Alternative = {
  name: "skip",
  keepsNames: false,
  content: { kind: "nothing" },
  build: nothingInPlaceOf,
};

/** One linear layer, which trains; one for each stream of a block, one slice of it for a head. */
export const replace: Alternative = {
  name: "replace",
  keepsNames: false,
  content: { kind: "linear" },
  build: linearInPlaceOf,
};

/** Sets of alternatives by what they are for. */
export const frozenOrTuned = (content: Alternative = tuned) => [frozen, content];
export const keepOrSkip = () => [keep, skip];
export const keepOrReplace = () => [keep, replace];
export const frozenTunedOrSkip = (content: Alternative = tuned) => [frozen, content, skip];
