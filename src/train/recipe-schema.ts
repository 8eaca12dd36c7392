import { z } from "zod";
import { recipeSchema } from "./recipe";
import type { Meaning } from "./recipe-fields";

/** The part of JSON Schema that a recipe's schema uses. */
export interface SchemaNode extends Meaning {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly oneOf?: readonly SchemaNode[];
  readonly anyOf?: readonly SchemaNode[];
}

/** The recipe's schema for editors: JSON Schema with defaults and descriptions. */
export function recipeJsonSchema(): SchemaNode {
  const schema = z.toJSONSchema(recipeSchema, { io: "input", override: tidy });
  return { ...schema, title: "adaptune recipe" } as SchemaNode;
}

/** The schema of a section, choosing between variants by the names in the values. */
export function schemaAt(path: readonly PropertyKey[], values: unknown): SchemaNode | undefined {
  const nodes = schemaAlong(path, values);
  return nodes.length === path.length + 1 ? nodes.at(-1) : undefined;
}

/** The schemas of the sections around a key and of the key itself, as far as there are any. */
export function schemaAlong(path: readonly PropertyKey[], values: unknown): SchemaNode[] {
  schema ??= recipeJsonSchema();
  const nodes = [schema];
  let value = values;
  for (const name of path) {
    value = (value as Record<PropertyKey, unknown> | undefined)?.[name];
    const { properties = {} } = nodes[nodes.length - 1];
    if (!Object.hasOwn(properties, name)) break;
    const { free, start } = properties[String(name)];
    nodes.push({
      ...(free !== undefined && { free }),
      ...(start !== undefined && { start }),
      ...chooseVariant(properties[String(name)], value),
    });
  }
  return nodes;
}

let schema: SchemaNode | undefined;

/** All keys with their defaults and meaning, section by section, for a terminal. */
export function recipeHelp(): string {
  const lines = [
    "A recipe is a YAML file of these keys; what is left out has the value shown.",
    "On the command line, key=value sets one: train.steps=100 strategy.name=frozen",
    "",
  ];
  for (const [name, node] of properties(recipeJsonSchema())) describe(name, node, 0, lines);
  return lines.join("\n");
}

/** Whole numbers come with the limits of JavaScript's, which tell a reader nothing. */
function tidy({ jsonSchema }: { jsonSchema: Record<string, unknown> }): void {
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
}

function chooseVariant(node: SchemaNode, value: unknown): SchemaNode {
  const key = discriminatorOf(node);
  if (key) {
    const chosen = ((value ?? node.default ?? {}) as Record<string, unknown>)[key];
    // What a variant is called may be left out of the first one.
    return node.oneOf!.find((one) => one.properties![key].const === chosen) ?? node.oneOf![0];
  }
  return node.anyOf?.find((one) => one.properties !== undefined) ?? node;
}

/** The key whose value tells variants apart: `name`, `kind` or `type`. */
function discriminatorOf({ oneOf = [] }: SchemaNode): string | undefined {
  const keys = Object.keys(oneOf[0]?.properties ?? {});
  return keys.find((key) => oneOf.every((one) => one.properties?.[key]?.const !== undefined));
}

const MEANING_COLUMN = 46;

function describe(name: string, node: SchemaNode, depth: number, lines: string[]): void {
  const section = sectionOf(node);
  const discriminator = discriminatorOf(node);
  const shown =
    section || discriminator ? sectionDefault(node) : ` ${JSON.stringify(node.default ?? null)}`;
  lines.push(line(`${name}:${shown}`, depth, meaning(node)));
  for (const [below, child] of Object.entries(section ?? {})) {
    describe(below, child, depth + 1, lines);
  }
  if (discriminator) describeVariants(node.oneOf!, discriminator, depth + 1, lines);
}

/** The keys below one, those of all shapes that it may have. */
function sectionOf({ properties, anyOf = [] }: SchemaNode): SchemaNode["properties"] {
  const shapes = anyOf.flatMap((one) => one.properties ?? []);
  return properties ?? (shapes.length > 0 ? Object.assign({}, ...shapes) : undefined);
}

/** Each variant with its keys; those that an earlier one has too are not told twice. */
function describeVariants(
  variants: readonly SchemaNode[],
  discriminator: string,
  depth: number,
  lines: string[],
): void {
  const told = new Map<string, string>();
  for (const { properties: all = {} } of variants) {
    const { [discriminator]: own, ...rest } = all;
    lines.push(line(`${discriminator}: ${own.const}`, depth, own.description ?? ""));
    const repeated = new Map<string, string[]>();
    for (const [below, child] of Object.entries(rest)) {
      const same = JSON.stringify([below, shapeOf(child)]);
      const before = told.get(same);
      if (before) repeated.set(before, [...(repeated.get(before) ?? []), below]);
      else describe(below, child, depth + 1, lines);
      if (!before) told.set(same, String(own.const));
    }
    for (const [before, names] of repeated) {
      lines.push(line(`${names.join(", ")}:`, depth + 1, `as under ${before}`));
    }
  }
}

/** What two keys have in common where only the names of alternatives differ. */
function shapeOf(node: SchemaNode): unknown {
  const { description, properties = {}, anyOf = [], oneOf = [] } = node;
  const below = Object.entries(properties).map(([name, child]) => [name, shapeOf(child)]);
  return [description, below, [...anyOf, ...oneOf].map(shapeOf)];
}

function line(key: string, depth: number, meaning: string): string {
  return `${`${"  ".repeat(depth)}${key}`.padEnd(MEANING_COLUMN)} # ${meaning}`;
}

function sectionDefault({ default: value }: SchemaNode): string {
  if (value === undefined) return "";
  return typeof value === "object" && value !== null ? "" : ` ${JSON.stringify(value)}`;
}

function meaning({ description = "", enum: values, anyOf = [] }: SchemaNode): string {
  const choices = values ?? anyOf.flatMap((one) => one.enum ?? []);
  return choices.length > 1 ? `${description} (${choices.join(", ")})` : description;
}

function properties(node: SchemaNode): [string, SchemaNode][] {
  return Object.entries(node.properties ?? {});
}
