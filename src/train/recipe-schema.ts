import { z } from "zod";
import { recipeSchema } from "./recipe";

/** The part of JSON Schema that a recipe's schema uses. */
export interface SchemaNode {
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
  let node: SchemaNode | undefined = recipeJsonSchema();
  let value = values;
  for (const name of path) {
    value = (value as Record<PropertyKey, unknown> | undefined)?.[name];
    node = node?.properties?.[String(name)];
    if (node) node = chooseVariant(node, value);
  }
  return node;
}

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
  const { name } = (value ?? node.default ?? {}) as { name?: unknown };
  const variant = node.oneOf?.find((one) => one.properties?.name?.const === name);
  if (variant) return variant;
  return node.anyOf?.find((one) => one.properties !== undefined) ?? node;
}

const MEANING_COLUMN = 46;

function describe(name: string, node: SchemaNode, depth: number, lines: string[]): void {
  const indent = "  ".repeat(depth);
  const section = node.properties ?? node.anyOf?.find((one) => one.properties)?.properties;
  const byName = node.oneOf?.some((one) => one.properties?.name?.const !== undefined);
  const shown =
    section || byName ? sectionDefault(node) : ` ${JSON.stringify(node.default ?? null)}`;
  const key = `${indent}${name}:${shown}`;
  lines.push(`${key.padEnd(MEANING_COLUMN)} # ${meaning(node)}`);
  for (const [below, child] of Object.entries(section ?? {})) {
    describe(below, child, depth + 1, lines);
  }
  if (byName) for (const variant of node.oneOf ?? []) describeVariant(variant, depth + 1, lines);
}

function describeVariant({ properties: all = {} }: SchemaNode, depth: number, lines: string[]) {
  const { name, ...rest } = all;
  const key = `${"  ".repeat(depth)}name: ${name.const}`;
  lines.push(`${key.padEnd(MEANING_COLUMN)} # ${name.description}`);
  for (const [below, child] of Object.entries(rest)) describe(below, child, depth + 1, lines);
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
