import { PassThrough } from "node:stream";
import test from "ava";
import { describe, progress } from "../../setup/progress";

test("a line has sizes, share, rate and time left", (t) => {
  t.is(describe(50e6, 200e6, 10, 0, "bytes"), "50.0 MB of 200.0 MB, 25 %, 5.0 MB/s, 30 s left");
  t.is(describe(50e6, undefined, 10, 0, "bytes"), "50.0 MB, 5.0 MB/s");
  t.is(describe(3, 20, 6, 0, "steps"), "3 of 20 steps, 15 %, 34 s left");
  t.is(describe(0, 20, 0, 0, "steps"), "0 of 20 steps, 0 %");
});

test("what was there already does not count into the rate", (t) => {
  t.regex(describe(150e6, 200e6, 10, 100e6, "bytes"), /75 %, 5\.0 MB\/s, 10 s left$/);
});

test("in a log lines are rare and end with a newline; on a terminal one is rewritten", (t) => {
  const shown = (isTTY: boolean, every?: number) => {
    const stream = Object.assign(new PassThrough(), { isTTY, columns: 40 });
    const line = progress("x", { stream: stream as never, every });
    for (const done of [1000, 2000, 3000]) line.update(done, 3000);
    line.end("3.0 kB");
    return String(stream.read());
  };
  t.regex(shown(false), /^ {2}x: 3\.0 kB, 0\.0 s\n$/);
  t.is(shown(false, 0).split("\n").length, 5);
  const terminal = shown(true, 0);
  t.is(terminal.split("\n").length, 2);
  for (const piece of terminal.split("\r").slice(1, -1)) {
    t.true(piece.replace("\x1b[K", "").length < 40);
  }
});
