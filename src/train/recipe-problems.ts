import type { z } from "zod";
import { schemaAt } from "./recipe-schema";

/** One thing that is wrong with a recipe. */
export interface RecipeProblem {
  /** Dotted key; "" is the recipe as a whole. */
  readonly path: string;
  readonly message: string;
  /** In the recipe's file, from 1; absent for values of the command line. */
  readonly line?: number;
}

/** Says in words what a schema refused about some values, one problem a key. */
export function explainIssues(
  issues: readonly z.core.$ZodIssue[],
  values: unknown,
  lineOf: (path: PropertyKey[]) => number | undefined,
): RecipeProblem[] {
  const problem = (path: PropertyKey[], message: string): RecipeProblem => {
    const line = lineOf(path);
    return { path: path.join("."), message, ...(line !== undefined && { line }) };
  };
  return issues.flatMap((issue) => {
    if (issue.code !== "unrecognized_keys") return [problem(issue.path, explain(issue))];
    const known = Object.keys(schemaAt(issue.path, values)?.properties ?? {});
    return issue.keys.map((key) => problem([...issue.path, key], explainUnknown(key, known)));
  });
}

/** The known word that a mistyped one most likely stands for. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  const most = Math.max(1, Math.floor(word.length / 3));
  const near = known
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .filter(({ distance }) => distance <= most)
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.candidate;
}

function explain(issue: z.core.$ZodIssue): string {
  const { options } = issue as { options?: unknown[] };
  if (issue.code === "invalid_union" && options) {
    return `expected one of ${options.filter((one) => one !== undefined).join(", ")}`;
  }
  if (issue.code === "invalid_union") {
    const messages = issue.errors.flat().map(({ message, path }) => [...path, message].join(": "));
    return [...new Set(messages.map(lowerFirst))].join(", or ");
  }
  return lowerFirst(issue.message.replace(/^Invalid (input|option): /, ""));
}

function explainUnknown(key: string, known: readonly string[]): string {
  const meant = didYouMean(key, known);
  const instead = meant ? `did you mean ${meant}?` : `known here are ${known.join(", ")}`;
  return `no such key: ${instead}`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Insertions, deletions, replacements and swaps of neighbours, upper and lower case alike. */
function editDistance(left: string, right: string): number {
  const [a, b] = [left.toLowerCase(), right.toLowerCase()];
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= a.length; i++) {
    rows.push([i]);
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1][j - 1] + Number(a[i - 1] !== b[j - 1]);
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
          ? rows[i - 2][j - 2] + 1
          : Infinity;
      rows[i].push(Math.min(replaced, swapped, rows[i - 1][j] + 1, rows[i][j - 1] + 1));
    }
  }
  return rows[a.length][b.length];
}
