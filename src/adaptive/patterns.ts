/** The paths that the patterns match, each once; every pattern that matches none is reported. */
export function matchPaths(
  patterns: readonly string[],
  paths: readonly string[],
  what: string,
): string[] {
  const known = new Set(paths);
  const matched = new Set<string>();
  const problems: string[] = [];
  for (const pattern of patterns) {
    const matches = known.has(pattern)
      ? [pattern]
      : paths.filter((path) => matchesPath(pattern, path)).sort(naturalOrder.compare);
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
