import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import * as torch from "../../src/torch";
import { runScript } from "../torch/child";
import {
  loadFromSource,
  rowsOf,
  runSnippet,
  type Snippet,
  saidToPrint,
  snippetsOf,
  typeErrors,
} from "./snippets";

const pages = ["docs/guide.md", "docs/memory.md", "docs/errors.md", "README.md"];

const preludes: Record<string, string> = {
  // What a reader has: batches of inputs and answers.
  "README.md":
    'declare const inputs: import("adaptune").VLBertInputs; ' +
    'declare const batches: { inputs: typeof inputs; answers: import("adaptune/torch").Tensor }[];',
};

const snippets = pages.flatMap(snippetsOf);

test("snippets have no type error", (t) => {
  const wrong = { page: "wrong.md", line: 7, error: null, code: "torch.ones([2])\n  .add();\n" };
  const [found, ...others] = typeErrors([wrong, ...snippets], preludes);
  t.is(found, "wrong.md:9: Expected 1-3 arguments, but got 0.");
  t.deepEqual(others, []);
});

test("what the guide's table writes for PyTorch's lines is TypeScript", (t) => {
  const lines = rowsOf("docs/guide.md").map(({ page, line, columns }): Snippet => {
    const code = columns[1].map((span) => `void (${span});\n`).join("");
    return { page, line: line - 1, code, error: null };
  });
  t.true(lines.length > 25);
  t.deepEqual(typeErrors(lines, { "docs/guide.md": declarations }), []);
});

const declarations = [
  "declare const a: torch.Tensor, b: torch.Tensor, m: torch.Tensor, x: torch.Tensor, y: torch.Tensor;",
  "declare const mask: torch.Tensor, array: Float32Array, file: string, fn: () => torch.Tensor;",
  "declare const model: nn.Module, params: nn.Parameter[], optimizer: optim.AdamW;",
  "declare const ctx: torch.autograd.FunctionContext;",
].join(" ");

/** Those of the README need a pretrained model. */
const isRun = ({ page, code }: Snippet) => page !== "README.md" || !code.includes("batches");

const root = process.cwd();
const folder = mkdtempSync(join(tmpdir(), "adaptune-docs-"));

test.before(() => {
  process.chdir(folder);
  torch.save({ weight: torch.ones([2]) }, "weights.safetensors");
});

test.after.always(() => {
  process.chdir(root);
  rmSync(folder, { recursive: true, force: true });
});

for (const snippet of snippets.filter(isRun)) {
  test.serial(`${snippet.page}:${snippet.line} does what it says`, async (t) => {
    torch.manualSeed(0);
    const run = () => runSnippet(snippet, preludes[snippet.page] ?? "", loadFromSource);
    if (snippet.error !== null) {
      const error = await t.throwsAsync(run);
      t.true(isSaid(`${error!.name}: ${error!.message}`, snippet.error), String(error));
      return;
    }
    const printed = await run();
    t.pass();
    if (snippet.page === "README.md") return; // its comments tell what is printed, they do not quote it
    for (const [line, said] of saidToPrint(snippet)) {
      t.is(printed.get(line), said, `${snippet.page}:${line}`);
    }
  });
}

/** Whether a page's text is what is said; "..." at the end of a line stands for anything. */
function isSaid(text: string, onPage: string): boolean {
  const parts = onPage.split(/\.\.\.$/m).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("[\\s\\S]*")}$`).test(text);
}

const errorRows = rowsOf("docs/errors.md").filter(({ columns }) => columns.length === 3);

for (const { page, line, columns } of errorRows) {
  const [[message], [code]] = columns;
  const needsNoCuda = message.includes("CUDA") || message.includes("cuda");
  const run = needsNoCuda && torch.cuda.isAvailable() ? test.skip : test.serial;
  run(`${page}:${line} is what is thrown: ${message}`, async (t) => {
    const imports = 'const fs: any = require("node:fs");';
    const snippet = { page, line, code: `${imports} ${code}\n`, error: null };
    const error = await t.throwsAsync(runSnippet(snippet, "", loadFromSource));
    t.true(error!.message.includes(message), error!.message);
  });
}

/** The block of text on a page that starts so. */
function quoted(page: string, start: string): string {
  const text = readFileSync(join(root, page), "utf8");
  return text
    .match(/^```text\n.*?(?=\n```$)/gms)!
    .map((block) => block.slice(8))
    .find((block) => block.startsWith(start))!;
}

test("the warning of many tensors outside of scopes is the one on the page", (t) => {
  const { stderr } = runScript("memory-tools.ts", ["unscoped"]);
  t.is(stderr.trim(), quoted("docs/memory.md", "adaptune: 20,000"));
});

test("the error of an addon that is not there is the one on the page", (t) => {
  process.env.ADAPTUNE_PREBUILD = folder;
  t.teardown(() => delete process.env.ADAPTUNE_PREBUILD);
  const { status, stderr } = runScript("memory-tools.ts", ["traced"]);
  t.is(status, 1);
  const [message] = /^Error: [\s\S]*?(?=\n {4}at )/m.exec(stderr)!;
  t.true(isSaid(message, quoted("docs/errors.md", "Error: adaptune's native addon")), stderr);
});
