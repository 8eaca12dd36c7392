import test from "ava";
import {
  count,
  duration,
  kindName,
  percent,
  rate,
  withPrefix,
  wrapped,
} from "../../src/report/format";

test("numbers have separators, prefixes and units", (t) => {
  t.is(percent(0.45678), "45.7");
  t.is(percent(1, 0), "100");
  t.is(count(1234567.4), "1,234,567");
  t.deepEqual([0, 7, 999, 1000, 54_321_000, 999_600, 123e9, 2e18].map(withPrefix), [
    "0",
    "7",
    "999",
    "1.00 k",
    "54.3 M",
    "1.00 M",
    "123 G",
    "2000 P",
  ]);
});

test("durations are said as people say them", (t) => {
  t.deepEqual([0.44, 9.94, 9.96, 59.4, 59.6, 185, 4800].map(duration), [
    "0.4 s",
    "9.9 s",
    "10 s",
    "59 s",
    "1 min 00 s",
    "3 min 05 s",
    "1 h 20 min",
  ]);
});

test("rates have the digits that tell something", (t) => {
  t.deepEqual([0.4217, 9.12, 312.4].map(rate), ["0.42", "9.1", "312"]);
});

test("kinds of questions have names", (t) => {
  t.deepEqual(["yesno", "group"].map(kindName), ["yes/no", "group"]);
});

test("long text is broken between words, and a word that is longer stays whole", (t) => {
  t.is(wrapped("one two three four", 9), "one two\n  three\n  four");
  t.is(wrapped("abcdefghijkl m", 5), "abcdefghijkl\n  m");
  t.is(wrapped("short"), "short");
});
