import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { refreshDist } from "../../setup/dist";
import { temporaryFolder, writeFiles } from "./support";

function checkout(t: ExecutionContext) {
  return writeFiles(temporaryFolder(t), {
    "tsconfig.json": '{ "compilerOptions": { "module": "CommonJS", "target": "ES2022" } }',
    "src/index.ts": 'export const answer: number = 42;\nexport * from "./deep/b";\n',
    "src/deep/b.ts": "export const b = 1 as const;\n",
    "src/deep/types.d.ts": "declare const x: number;\n",
    "src/data.json": "{}",
  });
}

test("sources become JavaScript, other files are copied", (t) => {
  const root = checkout(t);
  t.is(refreshDist(root), 3);
  const compiled = require(join(root, "dist", "index.js"));
  t.deepEqual({ ...compiled }, { answer: 42, b: 1 });
  t.is(readFileSync(join(root, "dist/data.json"), "utf8"), "{}");
  t.false(existsSync(join(root, "dist/deep/types.d.js")));
});

test("only what changed is compiled again", (t) => {
  const root = checkout(t);
  refreshDist(root);
  const before = statSync(join(root, "dist/index.js")).mtimeMs;
  t.is(refreshDist(root), 0);
  writeFiles(root, { "src/deep/b.ts": "export const b = 20;\n" });
  t.is(refreshDist(root), 1);
  t.is(statSync(join(root, "dist/index.js")).mtimeMs, before);
  t.regex(readFileSync(join(root, "dist/deep/b.js"), "utf8"), /b = 20/);
});

test("a removed source takes its output along, a removed output comes back", (t) => {
  const root = checkout(t);
  refreshDist(root);
  rmSync(join(root, "src/deep/b.ts"));
  rmSync(join(root, "dist/data.json"));
  t.is(refreshDist(root), 1);
  t.false(existsSync(join(root, "dist/deep/b.js")));
  t.true(existsSync(join(root, "dist/data.json")));
});

test("other compiler options compile all again", (t) => {
  const root = checkout(t);
  refreshDist(root);
  writeFiles(root, { "tsconfig.json": '{ "compilerOptions": { "module": "CommonJS" } }' });
  t.is(refreshDist(root), 3);
});
