import { readFileSync } from "node:fs";
import test from "ava";
import { printError } from "../../src/cli/errors";
import { Failure } from "../../src/train/failure";

function printed(error: unknown): string {
  let text = "";
  printError(error, { write: (part) => (text += part) });
  return text;
}

test("a failure says what happened, where, and what to do next", (t) => {
  const failure = new Failure("it broke", { where: "here", next: "mend it" });
  t.is(printed(failure), "error: it broke\n  where: here\n  next: mend it\n");
  t.is(printed(new Failure("it broke")), "error: it broke\n");
});

test("what the system refuses is for users, a bug shows where it is", (t) => {
  const missing = t.throws(() => readFileSync("/nowhere/at/all"));
  t.is(printed(missing), `error: ${missing?.message}\n`);
  t.regex(printed(new TypeError("x is undefined")), /^error: TypeError: x is undefined\n {4}at /);
  t.is(printed("text"), "error: text\n");
});

test("what a terminal would obey is written out, wherever it comes from", (t) => {
  const evil = "\x1b[2J\x9b2J\u202egpj.exe\r\x07";
  const shown = printed(new Failure(evil, { where: evil, next: evil }));
  t.is(shown.split("\\x1b[2J\\x9b2J\\u202egpj.exe\\x0d\\x07").length, 4);
  const all = shown + printed(new TypeError(evil)) + printed(evil);
  t.notRegex(all.replaceAll("\n", ""), /[\p{Cc}\p{Bidi_Control}]/u);
});
