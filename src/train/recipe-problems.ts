import type { z } from "zod";
import { knownInstead } from "../torch/nearest";
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
    return issue.keys.map((key) =>
      problem([...issue.path, key], `no such key: ${knownInstead(key, known)}`),
    );
  });
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

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
