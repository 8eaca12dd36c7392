import { readFileSync } from "node:fs";
import Module from "node:module";
import { join } from "node:path";
import { format } from "node:util";
import ts from "typescript";

const root = join(__dirname, "..", "..");

/** A block of TypeScript on a page of the documentation. */
export interface Snippet {
  /** "docs/guide.md" */
  readonly page: string;
  /** The line of its opening fence, counted from 1. */
  readonly line: number;
  readonly code: string;
  /** What a block of text right behind it says that it throws, or null. */
  readonly error: string | null;
}

/** What a page's snippets may use without a word: names that are imported, or declared. */
export type Prelude = string;

const bindings = ["torch", "nn", "optim"];

export function snippetsOf(page: string): Snippet[] {
  const text = readFileSync(join(root, page), "utf8");
  const fences = /^```ts\n(.*?)^```\n(?:\n```text\n(.*?)\n```\n)?/gms;
  return [...text.matchAll(fences)].map(({ index, 1: code, 2: error = null }) => ({
    page,
    line: text.slice(0, index).split("\n").length,
    code,
    error,
  }));
}

/** A row of a page's tables, with the code in its columns. */
export interface Row {
  readonly page: string;
  readonly line: number;
  readonly columns: readonly (readonly string[])[];
}

/** The rows of a page's tables below their heads. */
export function rowsOf(page: string): Row[] {
  const lines = readFileSync(join(root, page), "utf8").split("\n");
  return lines.flatMap((text, n) => {
    if (!text.startsWith("|") || text.startsWith("|---") || lines[n + 1]?.startsWith("|---"))
      return [];
    const columns = text.split("|").slice(1, -1);
    const spans = columns.map((column) =>
      [...column.matchAll(/`([^`]+)`/g)].map(([, span]) => span),
    );
    return [{ page, line: n + 1, columns: spans }];
  });
}

/**
 * A snippet as a module that exports a function which runs it. Lines keep the numbers that they have on the
 * page, for errors. Those of the bindings that it does not import itself are imported for it.
 */
function moduleOf({ line, code }: Snippet, prelude: Prelude): string {
  const lines = code.split("\n");
  const isImport = (text: string) => /^(import|} from) /.test(text);
  const body = lines.reduce((last, text, n) => (isImport(text) ? n + 1 : last), 0);
  const head = lines.slice(0, body).join("\n");
  const imports = bindings
    .filter((name) => !head.includes(` as ${name} from `))
    .map((name) => `import * as ${name} from "adaptune/${name}";`);
  const start = `${prelude} export default async function () {`;
  const before = `${"\n".repeat(line - 1)}${imports.join(" ")} ${body === 0 ? start : ""}\n`;
  const rest = lines.slice(body).join("\n");
  return `${before}${body === 0 ? "" : `${head} ${start}\n`}${rest}\n}\n`;
}

const file = join(root, "tsconfig.json");
const { config } = ts.readConfigFile(file, ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(
  { ...config, include: [] },
  ts.sys,
  root,
  {},
  file,
);

/** What TypeScript finds wrong in snippets: "docs/guide.md:12: ...". One program checks all of them. */
export function typeErrors(snippets: readonly Snippet[], preludes: Record<string, Prelude>) {
  const files = new Map(
    snippets.map((snippet) => [
      join(root, `${snippet.page}-${snippet.line}.ts`),
      moduleOf(snippet, preludes[snippet.page] ?? ""),
    ]),
  );
  const checked = { ...options, noUnusedLocals: false, allowJs: false, checkJs: false };
  const host = ts.createCompilerHost(checked);
  const { fileExists, readFile } = host;
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => files.get(name) ?? readFile(name);
  host.getSourceFile = (name, target) => {
    const text = host.readFile(name);
    return text === undefined ? undefined : ts.createSourceFile(name, text, target);
  };
  const program = ts.createProgram([...files.keys()], checked, host);
  return [...files.keys()].flatMap((name) => {
    const source = program.getSourceFile(name);
    return [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ].map(({ start, messageText }) => {
      const { line } = source!.getLineAndCharacterOfPosition(start ?? 0);
      const page = name.slice(root.length + 1).replace(/-\d+\.ts$/, "");
      return `${page}:${line + 1}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
    });
  });
}

/** What a snippet printed, by the line of the page that printed it. */
export type Printed = ReadonlyMap<number, string>;

/** Runs a snippet; `load` gives the modules that it imports. */
export async function runSnippet(
  snippet: Snippet,
  prelude: Prelude,
  load: (name: string) => unknown,
): Promise<Printed> {
  const printed = new Map<number, string>();
  const print = (line: number, ...values: unknown[]) => {
    const before = printed.get(line);
    printed.set(line, `${before === undefined ? "" : `${before}\n`}${format(...values)}`);
  };
  const numbered = moduleOf(snippet, prelude)
    .split("\n")
    .map((text, n) => text.replace(/console\.log\(/g, `__print(${n + 1}, `))
    .join("\n");
  const { outputText } = ts.transpileModule(numbered, { compilerOptions: options });
  const exported: { default?: () => Promise<void> } = {};
  const run = new Function("require", "exports", "__print", outputText);
  run(load, exported, print);
  await exported.default!();
  return printed;
}

/** The comments behind a snippet's `console.log`, by their lines: what it is said to print. */
export function saidToPrint({ line, code }: Snippet): Printed {
  const said = new Map<number, string>();
  let last = 0; // the line that the comments after it go on with
  for (const [n, text] of code.split("\n").entries()) {
    const [, first, more] = /console\.log\(.*\);\s+\/\/ (.*)$|^\s*\/\/ (.*)$/.exec(text) ?? [];
    if (first !== undefined) {
      last = line + 1 + n;
      said.set(last, first);
    } else if (more !== undefined && last > 0) said.set(last, `${said.get(last)}\n${more}`);
    else last = 0;
  }
  return said;
}

/** Modules by the package's names from src, all others as they are. */
export function loadFromSource(name: string): unknown {
  const [, module] = /^adaptune(?:\/(.*))?$/.exec(name) ?? [name];
  if (!name.startsWith("adaptune")) return Module.createRequire(__filename)(name);
  return require(join(root, "src", module ?? "."));
}
