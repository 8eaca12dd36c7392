import { BertLayer } from "../models";
import type { Module } from "../nn";

/** Which modules are sites: path patterns, or a predicate on every module of the tree. */
export type Where = string | readonly string[] | ((module: Module, path: string) => boolean);

/**
 * The paths of a model's sites (the modules that get alternatives), in the order of the patterns and, within one, in natural numeric order
 * (`layer.2` before `layer.10`); for a predicate in the order of the module tree.
 *
 * In a pattern `*` stands for any part of one name and `**` for any number of names.
 * Throws when a pattern matches no module and when one site lies inside another.
 */
export function findSites(model: Module, where: Where): string[] {
  const modules = model.namedModules().filter(([path]) => path !== "");
  const chosen =
    typeof where === "function"
      ? modules.filter(([path, module]) => where(module, path)).map(([path]) => path)
      : matchPaths(
          patternList(where),
          modules.map(([path]) => path),
          `module of ${model.constructor.name}`,
        );
  if (chosen.length === 0) {
    throw new Error(`no module of ${model.constructor.name} is a site under this strategy`);
  }
  refuseNesting(chosen);
  return chosen;
}

/** Sites are transformer blocks. */
export const block: Where = (module) => module instanceof BertLayer;

/** The paths that the patterns match, each once; every pattern that matches none is reported. */
export function matchPaths(
  patterns: readonly string[],
  paths: readonly string[],
  what: string,
): string[] {
  const matched = new Set<string>();
  const problems: string[] = [];
  for (const pattern of patterns) {
    const matches = paths.filter((path) => matchesPath(pattern, path)).sort(naturalOrder.compare);
    if (matches.length === 0) problems.push(explainNoMatch(pattern, paths, what));
    for (const path of matches) matched.add(path);
  }
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return [...matched];
}

/** Whether a path matches a pattern as a whole. */
export function matchesPath(pattern: string, path: string): boolean {
  return matchesNames(pattern.split("."), path.split("."));
}

function matchesNames(pattern: readonly string[], path: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return path.length === 0;
  if (first === "**") {
    return [...path.keys(), path.length].some((skipped) => matchesNames(rest, path.slice(skipped)));
  }
  return path.length > 0 && matchesName(first, path[0]) && matchesNames(rest, path.slice(1));
}

function matchesName(pattern: string, name: string): boolean {
  const literals = pattern.split("*").map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${literals.join(".*")}$`).test(name);
}

const naturalOrder = new Intl.Collator("en", { numeric: true });

function patternList(where: string | readonly string[]): readonly string[] {
  return typeof where === "string" ? [where] : where;
}

/** Says how far a pattern leads into the tree and which names go on from there. */
function explainNoMatch(pattern: string, paths: readonly string[], what: string): string {
  const names = pattern.split(".");
  const leadsTo = (depth: number) =>
    paths.filter((path) => matchesNames([...names.slice(0, depth), "**"], path.split(".")));
  let depth = 0;
  while (depth < names.length && leadsTo(depth + 1).length > 0) depth++;
  const next = new Set(leadsTo(depth).map((path) => path.split(".")[depth] ?? ""));
  next.delete("");
  const reached =
    depth === 0 ? "its names are" : `"${names.slice(0, depth).join(".")}" goes on with`;
  return `"${pattern}" matches no ${what}: ${reached} ${[...next].join(", ") || "nothing"}`;
}

function refuseNesting(paths: readonly string[]): void {
  for (const outer of paths) {
    const inner = paths.find((path) => path.startsWith(`${outer}.`));
    if (inner) {
      throw new Error(`site "${inner}" lies inside site "${outer}": choose one of the two`);
    }
  }
}
