import test from "ava";
import { ProgressBar } from "../../src/report/progress-bar";

/** A bar on a terminal or in a log, with a clock to turn by hand. */
function bar(isTTY: boolean, columns = 120) {
  let time = 0;
  let text = "";
  const output = { isTTY, columns, write: (part: string) => (text += part) };
  const progress = new ProgressBar(output, { now: () => time });
  return {
    progress,
    step: (done: number, seconds: number, detail?: string, phase = "training") => {
      time = seconds * 1000;
      progress.progress({ phase, done, total: 100, unit: "steps", detail });
    },
    text: () => text,
  };
}

test("a terminal's line is rewritten, with bar, rate, time left and newest figures", (t) => {
  const { step, text } = bar(true);
  step(0, 1);
  step(25, 6, "loss 2.10");
  const last = text().split("\r").at(-1)!;
  t.true(last.startsWith("  ━━━━━━┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄ training: "));
  t.true(last.includes("25 of 100 steps, 5.0/s, 15 s left, loss 2.10"));
  t.true(last.endsWith("\x1b[K"));
  t.false(text().includes("\n"));
});

test("a narrow terminal gets a shortened line", (t) => {
  const { step, text } = bar(true, 40);
  step(0, 1);
  step(25, 6);
  const line = text().split("\r").at(-1)!.replace("\x1b[K", "");
  t.is(line.length, 39);
  t.true(line.endsWith("…"));
});

test("a log gets a line every ten seconds, in plain text", (t) => {
  const { step, text } = bar(false);
  for (let second = 0; second <= 25; second++) step(second, second);
  const lines = text().trimEnd().split("\n");
  t.is(lines.length, 2);
  t.is(lines[0], "  training: 10 of 100 steps, 10 %, 1.0/s, 1 min 30 s left");
  t.false(text().includes("\r") || text().includes("\x1b"));
});

test("the rate is that of the last seconds", (t) => {
  const { step, text } = bar(true);
  step(0, 1);
  step(10, 41);
  step(40, 51);
  t.true(text().split("\r").at(-1)!.includes("40 of 100 steps, 3.0/s, 20 s left"));
});

test("what took long leaves a line when it is done, what was quick does not", (t) => {
  const { step, text } = bar(false);
  step(0, 0, undefined, "measuring");
  step(100, 1, undefined, "measuring");
  step(1, 2);
  step(100, 9, "loss 1.00");
  t.is(text(), "  training: 100 steps in 7.0 s, loss 1.00\n");
});

test("a note has a line of its own", (t) => {
  const { progress, step, text } = bar(true);
  step(5, 1);
  progress.note("read from the cache");
  t.true(text().endsWith("\r\x1b[K  read from the cache\n"));
  progress.end();
  t.true(text().endsWith("cache\n"));
});

test("phases and notes hold whatever a file is called", (t) => {
  const { progress, step, text } = bar(false);
  step(0, 0, undefined, "\x1b[2J\n: training");
  step(100, 11, undefined, "\x1b[2J\n: training");
  progress.note("\x1b[2Ja note");
  t.is(text().split("\n").length, 3);
  t.true(text().includes("\\x1b[2J\\n: training") && text().includes("\\x1b[2Ja note"));
  t.false(text().includes("\x1b"));
});
