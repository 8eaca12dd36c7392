import { spawnSync } from "node:child_process";
import { join } from "node:path";
import test from "ava";
import { root } from "../../setup/paths";
import { libtorchFiles, temporaryFolder, writeFiles } from "./support";

function checkLibTorch(asked: string[], env: NodeJS.ProcessEnv = {}) {
  const program = join(root, "setup", "check-libtorch.js");
  const options = { encoding: "utf8", env: { ...process.env, ...env } } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...asked], options);
  return { status, text: stdout + stderr };
}

test("check:libtorch wants a version with its flavour", (t) => {
  for (const asked of [[], ["2.14.1"], ["2.14.1+cu118"], ["cpu"]]) {
    const { status, text } = checkLibTorch(asked);
    t.is(status, 1);
    t.regex(text, /takes a version and a flavour.*\n\nRun: npm run check:libtorch -- 2\.14\.1/);
  }
});

test("check:libtorch refuses a LIBTORCH that is not what is asked for", (t) => {
  const folder = writeFiles(temporaryFolder(t), libtorchFiles("2.13.0", "cpu"));
  const { status, text } = checkLibTorch(["2.14.1+cu130"], { LIBTORCH: folder });
  t.is(status, 1);
  t.regex(text, /is 2\.13\.0, cpu \(the LIBTORCH variable\), not 2\.14\.1\+cu130/);
});
