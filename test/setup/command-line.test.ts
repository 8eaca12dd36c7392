import { spawnSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { root } from "../../setup/paths";
import { temporaryFolder } from "./support";

function adaptune(folder: string, ...args: string[]) {
  const program = join(folder, "bin", "adaptune.js");
  return spawnSync(process.execPath, [program, ...args], { encoding: "utf8" });
}

test("an unknown argument is refused by name", (t) => {
  for (const command of ["doctor", "build"]) {
    const { stderr, status } = adaptune(root, command, "--fix");
    t.is(status, 1);
    t.true(stderr.includes(`Unknown argument of ${command}: --fix`));
  }
});

test("without the addon every command says how to build it", (t) => {
  const folder = temporaryFolder(t);
  for (const part of ["bin", "setup", "package.json"]) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  for (const args of [["train", "recipe.yaml"], ["--help"], []]) {
    const { stderr, status } = adaptune(folder, ...args);
    t.is(status, 1);
    t.is(stderr, "adaptune: The addon is not built yet.\n\nRun: npx adaptune build\n");
  }
  const { stdout, status } = adaptune(folder, "doctor");
  t.is(status, 1);
  t.true(stdout.includes("PROBLEM  The addon is not built.\n         Run: npx adaptune build\n"));
});

test("the two commands of set-up are documented with the others", (t) => {
  const { stdout, status } = adaptune(root, "--help");
  t.is(status, 0);
  t.regex(stdout, /^ {2}build .*\n {2}doctor /m);
});
