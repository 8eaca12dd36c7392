import { execFile } from "node:child_process";
import { promisify } from "node:util";
import test from "ava";
import { adaptune } from "./support";

test("help lists every command", async (t) => {
  const { code, stdout } = await adaptune(["--help"]);
  t.is(code, 0);
  for (const command of [
    "demo",
    "train",
    "eval",
    "export",
    "report",
    "recipe",
    "build",
    "doctor",
  ]) {
    t.regex(stdout, new RegExp(`^  ${command} `, "m"));
  }
});

test("recipe tells all keys, or the schema", async (t) => {
  const [help, schema] = await Promise.all([
    adaptune(["recipe"]),
    adaptune(["recipe", "--schema"]),
  ]);
  t.regex(help.stdout, /^ {2}steps: 300 +# optimizer steps$/m);
  t.is(JSON.parse(schema.stdout).properties.train.properties.steps.default, 300);
});

test("what a user got wrong is one clear message, without a stack", async (t) => {
  const [command, recipe, key, folder] = await Promise.all([
    adaptune(["trian"]),
    adaptune(["train", "sorce"]),
    adaptune(["train", "source", "train.stepps=3", "sede=1"]),
    adaptune(["eval", "/nowhere"]),
  ]);
  t.regex(command.stderr, /unknown command 'trian'/);
  t.regex(recipe.stderr, /^error: there is no such recipe\n {2}where: sorce\n {2}next: .*source/);
  t.regex(key.stderr, /source\.yaml has 2 problems:\n.*stepps.*steps\?\n.*sede.*seed\?/s);
  t.regex(folder.stderr, /^error: this is no run's folder.*\n {2}where: \/nowhere\n {2}next: /);
  for (const { code, stderr } of [command, recipe, key, folder]) {
    t.is(code, 1);
    t.false(/\n\s+at /.test(stderr), stderr);
  }
});

test("who reads the output may leave before its end", async (t) => {
  const script = 'require("./src/cli/main").main(["node", "adaptune", "recipe", "--schema"])';
  const command = `"${process.execPath}" -r ts-node/register/transpile-only -e '${script}'`;
  const { stdout, stderr } = await promisify(execFile)("bash", [
    "-c",
    `{ ${command}; echo "ended with $?" >&2; } | true`,
  ]);
  t.is(stdout, "");
  t.is(stderr, "ended with 0\n");
});

test("arguments are shown as what they are", async (t) => {
  const { stderr } = await adaptune(["\x1b[31mtrain"]);
  t.regex(stderr, /unknown command '\\x1b\[31mtrain'/);
  t.false(stderr.includes("\x1b"));
});
