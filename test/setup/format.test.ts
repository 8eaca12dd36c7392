import test from "ava";
import { formatBytes, formatSeconds, parseBytes } from "../../setup/format";

test("bytes have a unit", (t) => {
  const texts = [0, 999, 1500, 191_794_682, 5.4e12, 2e15].map(formatBytes);
  t.deepEqual(texts, ["0 B", "999 B", "1.5 kB", "191.8 MB", "5.4 TB", "2000.0 TB"]);
  t.deepEqual(["950 B", "1.5 kB", "191.8 MB"].map(parseBytes), [950, 1500, 191_800_000]);
});

test("durations are said as a person says them", (t) => {
  const texts = [0.04, 9.94, 12.4, 59.6, 185, 3599, 4800].map(formatSeconds);
  t.deepEqual(texts, [
    "0.0 s",
    "9.9 s",
    "12 s",
    "1 min 00 s",
    "3 min 05 s",
    "59 min 59 s",
    "1 h 20 min",
  ]);
});
