import { Identity, type Module } from "../nn";
import { owned } from "./weights";

/**
 * What can run at a site. A new kind of alternative is one more object like those below.
 *
 * `build` is handed the site's module with frozen weights, which share storage with the pretrained
 * model: it returns that module or makes another, and never changes the one it was given.
 */
export interface Alternative {
  /** As it appears in decisions, tables and, unless `keepsNames`, in the state's names. */
  readonly name: string;
  /** Whether its weights stay under the site's own names in the state (`layer.0.attention...`). */
  readonly keepsNames: boolean;
  build(site: Module): Module;
}

/** The pretrained module as it is. */
export const frozen: Alternative = {
  name: "frozen",
  keepsNames: true,
  build: (site) => site,
};

/** The finetuned twin: the same module with weights of its own, which start as the pretrained. */
export const tuned: Alternative = {
  name: "tuned",
  keepsNames: false,
  build: (site) => site.clone(owned),
};

/** Nothing at all: the first argument passes through (BlockDrop, arXiv 1711.08393). */
export const skip: Alternative = {
  name: "skip",
  keepsNames: false,
  build: () => new Identity(),
};
