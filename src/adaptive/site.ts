import { AttentionSegment, Block, FeedForwardSegment } from "../models/block";
import { type Module, MultiHeadAttention } from "../nn";
import { matchPaths } from "./patterns";

/** What a site is in a transformer; `module` for all that is none of it. */
export type Part = "block" | "segment" | "head" | "intermediate" | "output" | "module";

/** A place in a model where alternatives can run: a module, or one head of an attention. */
export interface Site {
  /** Its name in decisions, tables and files: the module's path, or `<attention>.head.<number>`. */
  readonly name: string;
  /** Where the module is; that of the whole attention for a head. */
  readonly path: string;
  readonly module: Module;
  readonly part: Part;
  /** The number of a head; null for a module as a whole. */
  readonly head: number | null;
}

/** Picks sites out of all places of a model, which come in the order of the module tree. */
export interface Finder {
  find(places: readonly Site[]): readonly Site[];
}

/** Which places are sites: path patterns, a predicate on every module of the tree, or a finder. */
export type Where =
  | string
  | readonly string[]
  | ((module: Module, path: string) => boolean)
  | Finder;

/** Sites are transformer blocks. */
export const block: Where = parts("block");

/** Sites are segments: what lies between two skip connections. */
export const segment: Where = parts("segment");

/** Sites are every attention head, attention output, intermediate and output. */
export const component: Where = parts("head", "intermediate", "output");

/** The last of the sites that `where` finds; throws for none of them, and for more than there are. */
export function last(count: number, where: Where): Where {
  const find = (places: readonly Site[]) => {
    const sites = choose(places, where);
    if (Number.isInteger(count) && count >= 1 && count <= sites.length) return sites.slice(-count);
    throw new RangeError(
      `the last ${count} of ${sites.length} sites: expected 1 to ${sites.length}`,
    );
  };
  return { find };
}

/** Some of the sites that `where` finds, by number from 0; throws for numbers that none has. */
export function numbered(numbers: readonly number[], where: Where): Where {
  const find = (places: readonly Site[]) => {
    const sites = choose(places, where);
    const wrong = numbers.filter((number) => !sites[number]);
    if (wrong.length === 0) return numbers.map((number) => sites[number]);
    throw new Error(
      `no site has number ${wrong.join(", ")}: they count from 0 to ${sites.length - 1}`,
    );
  };
  return { find };
}

/**
 * The sites of a model: in the order of the patterns and, within one, in natural numeric order
 * (`layer.2` before `layer.10`); for a predicate or a finder in the order of the module tree.
 *
 * In a pattern `*` stands for any part of one name and `**` for any number of names.
 * Throws when a pattern matches nothing, when one site lies inside another, and when only some
 * heads of an attention are chosen.
 */
export function findSites(model: Module, where: Where): readonly Site[] {
  const places = placesIn(model);
  const sites = choose(places, where, model.constructor.name);
  if (sites.length === 0) {
    throw new Error(`no module of ${model.constructor.name} is a site under this strategy`);
  }
  refuseNesting(sites);
  refuseSomeHeads(sites);
  return sites;
}

/** Every module below a model, and the heads of every attention right after it. */
function placesIn(model: Module): Site[] {
  const modules = new Map(model.namedModules());
  return [...modules].flatMap(([path, module]): Site[] => {
    if (path === "") return [];
    const [parentPath, name] = splitPath(path);
    const parent = modules.get(parentPath)!;
    const place: Site = {
      name: path,
      path,
      module,
      part: partOf(module, parent, name),
      head: null,
    };
    if (!(module instanceof MultiHeadAttention)) return [place];
    // A segment has one attention: its heads are the segment's.
    const owner = parent instanceof AttentionSegment ? parentPath : path;
    const heads = Array.from({ length: module.heads }, (_, head): Site => {
      return { name: `${owner}.head.${head}`, path, module, part: "head", head };
    });
    return [place, ...heads];
  });
}

function partOf(module: Module, parent: Module, name: string): Part {
  if (module instanceof Block) return "block";
  if (isSegment(module)) return "segment";
  if (isSegment(parent) && (name === "intermediate" || name === "output")) return name;
  return "module";
}

function isSegment(module: Module): boolean {
  return module instanceof AttentionSegment || module instanceof FeedForwardSegment;
}

function parts(...wanted: readonly Part[]): Finder {
  return { find: (places) => places.filter(({ part }) => wanted.includes(part)) };
}

function choose(places: readonly Site[], where: Where, model = "the model"): readonly Site[] {
  if (typeof where === "function") {
    return places.filter(({ module, path, head }) => head === null && where(module, path));
  }
  if (isFinder(where)) return where.find(places);
  const byName = new Map(places.map((place) => [place.name, place]));
  const patterns = typeof where === "string" ? [where] : where;
  return matchPaths(patterns, [...byName.keys()], `module of ${model}`).map(
    (name) => byName.get(name)!,
  );
}

function isFinder(where: Where): where is Finder {
  return typeof where === "object" && !Array.isArray(where);
}

function refuseNesting(sites: readonly Site[]): void {
  const whole = new Map(sites.filter(({ head }) => head === null).map((site) => [site.path, site]));
  for (const inner of sites) {
    const names = inner.path.split(".");
    for (const [depth] of names.entries()) {
      const outer = whole.get(names.slice(0, depth + 1).join("."));
      if (outer && outer !== inner) {
        throw new Error(
          `site "${inner.name}" lies inside site "${outer.name}": choose one of the two`,
        );
      }
    }
  }
}

function refuseSomeHeads(sites: readonly Site[]): void {
  const heads = sites.filter(({ head }) => head !== null);
  for (const path of new Set(heads.map((site) => site.path))) {
    const chosen = heads.filter((site) => site.path === path);
    const all = (chosen[0].module as MultiHeadAttention).heads;
    if (chosen.length < all) {
      throw new Error(
        `the heads of "${path}" are sites together or not at all: ` +
          `${chosen.map(({ name }) => name).join(", ")} are ${chosen.length} of ${all}`,
      );
    }
  }
}

function splitPath(path: string): [parent: string, name: string] {
  const dot = path.lastIndexOf(".");
  return [path.slice(0, Math.max(0, dot)), path.slice(dot + 1)];
}
