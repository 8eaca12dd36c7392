import { isUtf8 } from "node:buffer";
import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Document, isMap, isScalar, LineCounter, parse, parseDocument } from "yaml";
import { ZodError } from "zod";
import { readMask } from "../adaptive";
import { printableName } from "../torch/printable";
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
      return printableName(`  ${place}${path ? `${path}: ` : ""}${message}`);
    });
    const counted = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super(`${printableName(file)} has ${counted}:\n${lines.join("\n")}`);
    this.name = "RecipeError";
  }
}

/** Reads a recipe from a YAML file. @throws RecipeError with all problems at once. */
export function readRecipe(file: string, overrides: readonly string[] = []): Recipe {
  let text: string;
  try {
    text = readText(file);
  } catch (error) {
    throw new RecipeError([{ path: "", message: (error as Error).message }], file);
  }
  return parseRecipe(text, { file, overrides });
}

/** A recipe's text. Throws for a file that holds anything else. */
function readText(file: string): string {
  const stat = statSync(file);
  if (stat.isDirectory()) {
    throw new Error(
      "this is a folder without a recipe.yaml: name a recipe's file, or a run's folder",
    );
  }
  if (!stat.isFile()) throw new Error("this is no regular file");
  if (stat.size > MOST_BYTES) {
    throw new Error(`this is no recipe: it has ${stat.size} bytes, where ${MOST_BYTES} are many`);
  }
  const bytes = readFileSync(file);
  const text = isUtf8(bytes) ? bytes.toString("utf8") : "\0";
  if (text.includes("\0")) throw new Error("this is no recipe: it is not text in UTF-8");
  if (text.trim() === "")
    throw new Error("this is empty: `adaptune recipe` tells what a recipe has");
  return text;
}

/** Masks that are written out are the longest part of recipes, a few kilobytes. */
const MOST_BYTES = 1_000_000;

/** Makes a recipe of YAML text. @throws RecipeError with all problems at once. */
export function parseRecipe(
  text: string,
  { file = "the recipe", overrides = [] }: RecipeSource = {},
): Recipe {
  const lines = new LineCounter();
  const { document, values, problems } = read(text, lines);
  if (problems.length > 0) throw new RecipeError(problems, file);

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

/** The values of YAML text, or what is wrong with it. */
function read(text: string, lines: LineCounter) {
  const problems: RecipeProblem[] = [];
  let document = new Document();
  let values: unknown = {};
  try {
    document = parseDocument(text, { lineCounter: lines, logLevel: "error" });
    for (const { message, pos } of [...document.errors, ...document.warnings]) {
      problems.push({ path: "", line: lines.linePos(pos[0]).line, message: explainYaml(message) });
      if (message.startsWith(TOO_DEEP)) break; // it is said again at every level
    }
    // Throws where a few aliases stand for more than a memory holds.
    if (problems.length === 0) values = document.toJS() ?? {};
    refuseOthers(values);
  } catch (error) {
    problems.push({ path: "", message: explainYaml((error as Error).message) });
  }
  if (!isSection(values)) {
    problems.push({
      path: "",
      message: "a recipe is keys with values, as in `train: { steps: 100 }`",
    });
  }
  return { document, values: values as Section, problems };
}

/** What V8 says of a parser that called itself too often. */
const TOO_DEEP = "Maximum call stack size";

function explainYaml(message: string): string {
  return message.startsWith(TOO_DEEP) ? "too deeply nested" : message.split("\n")[0];
}

/** Throws for what YAML can hold and no recipe has: sets, bytes, dates, the prototypes of objects. */
function refuseOthers(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) {
    throw new Error(
      `a recipe has text, numbers, lists and keys with values, no ${value.constructor.name}`,
    );
  }
  if (Object.hasOwn(value, "__proto__")) throw new Error("no such key: __proto__");
  for (const below of Object.values(value)) refuseOthers(below);
}

type Section = Record<string, unknown>;

function isSection(value: unknown): value is Section {
  return typeof value === "object" && value !== null && !Array.isArray(value);
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
function applyOverrides(values: Section, overrides: readonly string[]) {
  const overridden = new Set<string>();
  const mistakes: RecipeProblem[] = [];
  for (const override of overrides) {
    const [, key, value] = /^([\w.]+)=(.*)$/s.exec(override) ?? [];
    if (key === undefined) {
      mistakes.push({
        path: shortened(override),
        message: "expected key=value, as in train.steps=100",
      });
      continue;
    }
    try {
      const parsed: unknown = parse(value, { logLevel: "error" });
      refuseOthers(parsed);
      setAt(values, key.split("."), parsed);
      overridden.add(key);
    } catch (error) {
      mistakes.push({ path: shortened(override), message: explainYaml((error as Error).message) });
    }
  }
  return { overridden, mistakes };
}

function shortened(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}...` : text;
}

/** Only what a section has itself is gone into, so that nothing else of the process can be set. */
function setAt(target: Section, [name, ...rest]: string[], value: unknown): void {
  const own = Object.hasOwn(target, name) ? target[name] : undefined;
  const next = rest.length === 0 ? value : isSection(own) ? own : {};
  Object.defineProperty(target, name, { value: next, ...ORDINARY });
  if (rest.length > 0) setAt(next as Section, rest, value);
}

/** As of a property that was assigned: `__proto__` too becomes one, which no section knows. */
const ORDINARY = { writable: true, enumerable: true, configurable: true };

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
