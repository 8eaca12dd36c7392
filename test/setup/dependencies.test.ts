import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { dependenciesAreInstalled } from "../../setup/dependencies";
import { root } from "../../setup/paths";
import { temporaryFolder, writeFiles } from "./support";

type Packages = Record<string, { version: string; optional?: boolean }>;

const wanted: Packages = {
  "": { version: "0.1.0" },
  "node_modules/zod": { version: "4.6.7" },
  "node_modules/sharp-darwin": { version: "1.0.0", optional: true },
};

function installed(t: ExecutionContext, packages: Packages | null) {
  const folder = temporaryFolder(t);
  writeFiles(folder, { "package-lock.json": JSON.stringify({ packages: wanted }) });
  if (packages) {
    const text = JSON.stringify({ packages });
    writeFiles(join(folder, "node_modules"), { ".package-lock.json": text });
  }
  return dependenciesAreInstalled(folder);
}

test("nothing is installed when all that is locked is there", (t) => {
  t.true(installed(t, { "node_modules/zod": { version: "4.6.7" } }));
  t.true(dependenciesAreInstalled(root));
});

test("a missing package or another version is noticed", (t) => {
  t.false(installed(t, null));
  t.false(installed(t, {}));
  t.false(installed(t, { "node_modules/zod": { version: "4.6.6" } }));
  const optional = { "node_modules/sharp-darwin": { version: "0.9.0" } };
  t.false(installed(t, { "node_modules/zod": { version: "4.6.7" }, ...optional }));
});
