import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Document, isMap, isScalar, LineCounter, parse, parseDocument } from "yaml";
import { ZodError } from "zod";
import { readMask } from "../adaptive";
import { type Recipe, resolveRecipe } from "./recipe";
import { explainIssues, type RecipeProblem } from "./recipe-problems";
import { isAdaptive, type StrategyRecipe } from "./recipe-strategy";

export interface RecipeSource {
  /** Its name in messages; the files it names are relative to its folder. */
  readonly file?: string;
  /** `key=value` pairs that win over the file: dotted keys, values in YAML. */
  readonly overrides?: readonly string[];
}

/** A recipe that can not be used, with everything that is wrong with it. */
export class RecipeError extends Error {
  constructor(
    readonly problems: readonly RecipeProblem[],
    file: string,
  ) {
    const lines = problems.map(({ line, path, message }) => {
      const place = line === undefined ? "" : `line ${line}: `;
      return `  ${place}${path ? `${path}: ` : ""}${message}`;
    });
    const counted = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super(`${file} has ${counted}:\n${lines.join("\n")}`);
    this.name = "RecipeError";
  }
}

/** Reads a recipe from a YAML file. @throws RecipeError with all problems at once. */
export function readRecipe(file: string, overrides: readonly string[] = []): Recipe {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new RecipeError([{ path: "", message: (error as Error).message }], file);
  }
  return parseRecipe(text, { file, overrides });
}

/** Makes a recipe of YAML text. @throws RecipeError with all problems at once. */
export function parseRecipe(
  text: string,
  { file = "the recipe", overrides = [] }: RecipeSource = {},
): Recipe {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const problems: RecipeProblem[] = document.errors.map(({ message, pos }) => ({
    path: "",
    line: lines.linePos(pos[0]).line,
    message: message.split("\n")[0],
  }));
  if (problems.length > 0) throw new RecipeError(problems, file);

  const values: unknown = document.toJS() ?? {};
  const { overridden, mistakes } = applyOverrides(values, overrides);
  problems.push(...mistakes);
  const recipe = attempt(values, (path) =>
    overridden.has(path.join(".")) ? undefined : lineOf(document, path, lines),
  );
  if (!("recipe" in recipe)) problems.push(...recipe.problems);
  if (problems.length > 0 || !("recipe" in recipe)) throw new RecipeError(problems, file);
  const folderOf = (key: string) => (overridden.has(key) ? "." : dirname(resolve(file)));
  return withFiles(recipe.recipe, folderOf, file);
}

function attempt(
  values: unknown,
  line: (path: PropertyKey[]) => number | undefined,
): { recipe: Recipe } | { problems: RecipeProblem[] } {
  try {
    return { recipe: resolveRecipe(values) };
  } catch (error) {
    if (!(error instanceof ZodError)) throw error;
    return { problems: explainIssues(error.issues, values, line) };
  }
}

/** Sets the values at dotted keys, in place. */
function applyOverrides(values: unknown, overrides: readonly string[]) {
  const overridden = new Set<string>();
  const mistakes: RecipeProblem[] = [];
  for (const override of overrides) {
    const [, key, value] = /^([\w.]+)=(.*)$/s.exec(override) ?? [];
    if (key === undefined) {
      mistakes.push({ path: override, message: "expected key=value, as in train.steps=100" });
      continue;
    }
    try {
      setAt(values as Record<string, unknown>, key.split("."), parse(value));
      overridden.add(key);
    } catch (error) {
      mistakes.push({ path: override, message: (error as Error).message.split("\n")[0] });
    }
  }
  return { overridden, mistakes };
}

function setAt(target: Record<string, unknown>, [name, ...rest]: string[], value: unknown): void {
  if (rest.length === 0) {
    target[name] = value;
    return;
  }
  if (typeof target[name] !== "object" || target[name] === null) target[name] = {};
  setAt(target[name] as Record<string, unknown>, rest, value);
}

/** The line of a key, or of the nearest one around it. */
function lineOf(document: Document, path: PropertyKey[], lines: LineCounter): number | undefined {
  let node: unknown = document.contents;
  let offset: number | undefined;
  for (const name of path) {
    if (!isMap(node)) break;
    const pair = node.items.find(({ key }) => isScalar(key) && key.value === name);
    if (!pair) break;
    offset = isScalar(pair.key) ? pair.key.range?.[0] : offset;
    node = pair.value;
  }
  return offset === undefined ? undefined : lines.linePos(offset).line;
}

/** The recipe with paths that hold wherever it is read, and with the mask of a file in place. */
function withFiles(recipe: Recipe, folderOf: (key: string) => string, file: string): Recipe {
  const { model, strategy } = recipe;
  const from = model.from && resolve(folderOf("model.from"), model.from);
  return { ...recipe, model: { ...model, from }, strategy: withMask(strategy, folderOf, file) };
}

const MASK = "strategy.policy.file";

function withMask(
  strategy: StrategyRecipe,
  folderOf: (key: string) => string,
  file: string,
): StrategyRecipe {
  if (!isAdaptive(strategy) || strategy.policy.kind !== "given") return strategy;
  const { policy } = strategy;
  if (policy.file === null) return strategy;
  try {
    const decisions = readMask(resolve(folderOf(MASK), policy.file));
    return { ...strategy, policy: { ...policy, decisions, file: null } } as StrategyRecipe;
  } catch (error) {
    throw new RecipeError([{ path: MASK, message: (error as Error).message }], file);
  }
}
