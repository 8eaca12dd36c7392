import test from "ava";
import { runScript } from "./child";
import { wrongCalls } from "./wrong-calls";
import type { Outcome } from "./wrong-calls/run";

const ended = runScript("wrong-calls/run.ts");
const lines = ended.stdout.trim().split("\n");
const last = lines.pop();
const outcomes = new Map(
  lines.filter(Boolean).map((line) => {
    const outcome: Outcome = JSON.parse(line);
    return [outcome.name, outcome];
  }),
);

test("the process survives them all", (t) => {
  t.true(wrongCalls.filter(({ says }) => says).length >= 100);
  t.is(new Set(wrongCalls.map(({ name }) => name)).size, wrongCalls.length);
  t.is(ended.signal, null, `after ${[...outcomes.keys()].at(-1)}: ${ended.stderr}`);
  t.is(ended.status, 0, ended.stderr);
  t.is(outcomes.size, wrongCalls.length);
  t.is(last, "alive");
});

for (const { name, says } of wrongCalls) {
  if (!says) continue;
  test(name, (t) => {
    const outcome = outcomes.get(name);
    t.regex(`${outcome?.kind}`, /^(TorchError|TypeError)$/, outcome?.message);
    for (const part of says) {
      const found =
        typeof part === "string" ? outcome?.message.includes(part) : part.test(outcome!.message);
      t.true(found, `${part} in: ${outcome?.message}`);
    }
    t.notRegex(outcome!.message, /Exception raised from|c10::|at::|\.cpp:\d|\.cc:\d/);
  });
}
