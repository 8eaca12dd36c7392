import test from "ava";
import { roundedUp } from "../../src/data";

test("lengths are rounded up to a few, of which the longest is one", (t) => {
  const rounded = (longest: number) =>
    Array.from({ length: longest }, (_, n) => roundedUp(n + 1, longest, 4));
  t.deepEqual(rounded(8), [2, 2, 4, 4, 6, 6, 8, 8]);
  t.deepEqual(rounded(10), [3, 3, 3, 6, 6, 6, 9, 9, 9, 10]);
  t.deepEqual(rounded(3), [1, 2, 3]);
  t.is(roundedUp(12, 10, 4), 12, "what is longer stays as it is");
});
