import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** A default as the source writes it: "required" where none is, and in brackets what is no literal. */
export type Default = number | string | boolean | null | readonly Default[];

/**
 * The parameters of every class's constructor in a folder, with their defaults: those of its own and of
 * what it extends, options of a destructured object among them. Read from the source, so that a default
 * cannot differ from the test's idea of it.
 */
export function constructorDefaults(folder: string): Map<string, Record<string, Default>> {
  const classes = new Map<string, ts.ClassDeclaration>();
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ts")) continue;
    const text = readFileSync(join(folder, file), "utf8");
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
    source.forEachChild((node) => {
      if (ts.isClassDeclaration(node) && node.name) classes.set(node.name.text, node);
    });
  }
  return new Map([...classes.keys()].map((name) => [name, defaultsOf(name, classes)]));
}

function defaultsOf(
  name: string,
  classes: ReadonlyMap<string, ts.ClassDeclaration>,
): Record<string, Default> {
  const declared = classes.get(name);
  if (!declared) return {};
  const extended = declared.heritageClauses?.[0]?.types[0]?.expression.getText();
  const made = declared.members.find(ts.isConstructorDeclaration);
  const own = Object.fromEntries([
    ...(made?.parameters ?? []).flatMap(parameterDefaults),
    ...(made?.body?.statements ?? []).flatMap(checkedDefaults),
  ]);
  return { ...(extended ? defaultsOf(extended, classes) : {}), ...own };
}

/** The defaults of options that a constructor takes apart where it checks them. */
function checkedDefaults(statement: ts.Statement): [string, Default][] {
  if (!ts.isVariableStatement(statement)) return [];
  const [{ name, initializer }] = statement.declarationList.declarations;
  const isChecked = initializer?.getText().startsWith("checkOptions(");
  return isChecked && ts.isObjectBindingPattern(name) ? elementsOf(name) : [];
}

function parameterDefaults({ name, initializer }: ts.ParameterDeclaration): [string, Default][] {
  if (!ts.isObjectBindingPattern(name)) return [[name.getText(), literal(initializer)]];
  return elementsOf(name);
}

function elementsOf({ elements }: ts.ObjectBindingPattern): [string, Default][] {
  return elements
    .filter((element) => !element.dotDotDotToken)
    .map((element) => [
      (element.propertyName ?? element.name).getText(),
      literal(element.initializer),
    ]);
}

function literal(node: ts.Expression | undefined): Default {
  if (!node) return "required";
  if (ts.isStringLiteral(node)) return node.text;
  if (ts.isArrayLiteralExpression(node)) return node.elements.map(literal);
  if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
  if (node.kind === ts.SyntaxKind.FalseKeyword) return false;
  if (node.kind === ts.SyntaxKind.NullKeyword) return null;
  const quotient = /^([\d.e-]+) \/ ([\d.e-]+)$/.exec(node.getText());
  if (quotient) return Number(quotient[1]) / Number(quotient[2]);
  const number = Number(node.getText());
  return Number.isNaN(number) ? `(${node.getText()})` : number;
}

/** The table that defaults.py writes. */
export interface DefaultsTable {
  readonly nn: Readonly<Record<string, Readonly<Record<string, Default>>>>;
  readonly optim: DefaultsTable["nn"];
  readonly schedules: DefaultsTable["nn"];
}

export function defaultsTable(): DefaultsTable {
  return JSON.parse(readFileSync(join(__dirname, "defaults.json"), "utf8"));
}

/** PyTorch's name in camelCase: T_max is tMax. */
export function camelCase(name: string): string {
  const parts = name.split("_").filter((part) => part !== "");
  return parts
    .map((part, n) => (n === 0 ? part.toLowerCase() : part[0].toUpperCase() + part.slice(1)))
    .join("");
}

/** Where a class's defaults differ from PyTorch's, in words; `leftOut` are parameters that it need not have. */
export function differences(
  name: string,
  expected: Readonly<Record<string, Default>>,
  found: Readonly<Record<string, Default>> | undefined,
  leftOut: ReadonlySet<string>,
): string[] {
  if (!found) return [`there is no ${name}`];
  return Object.entries(expected).flatMap(([parameter, value]) => {
    if (leftOut.has(parameter) || leftOut.has(`${name}.${parameter}`)) return [];
    const own = found[camelCase(parameter)];
    if (own === undefined) return [`${name} has no ${camelCase(parameter)}`];
    const isSame = JSON.stringify(own) === JSON.stringify(value);
    return isSame
      ? []
      : [
          `${name}: ${camelCase(parameter)} is ${JSON.stringify(own)}, not ${JSON.stringify(value)}`,
        ];
  });
}
