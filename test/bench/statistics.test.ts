import test from "ava";
import { interleave, median, quantile, repeat, spread } from "../../bench/statistics";

test("medians of odd and even numbers of values, in any order", (t) => {
  t.is(median([3, 1, 2]), 2);
  t.is(median([4, 1, 2, 3]), 2.5);
  t.throws(() => median([]), { message: /no values/ });
});

test("quartiles lie between neighbours; the spread is relative to the median", (t) => {
  t.is(quantile([10, 20, 30, 40, 50], 0.25), 20);
  t.is(quantile([10, 20], 0.75), 17.5);
  t.is(spread([10, 20, 30, 40, 50]), 20 / 30);
  t.is(spread([7, 7, 7]), 0);
});

test("every peer's round stands beside a round of ours, and warm rounds do not count", async (t) => {
  const order: string[] = [];
  const pairs = await interleave("ours", ["a", "b"], { repetitions: 2, warm: 1 }, async (name) =>
    order.push(name),
  );
  t.deepEqual(order, Array(3).fill(["ours", "a", "ours", "b"]).flat());
  // The first four runs were warm: ours and peers of the other rounds follow each other.
  t.deepEqual(pairs, [
    { ours: [5, 9], peer: [6, 10] },
    { ours: [7, 11], peer: [8, 12] },
  ]);
});

test("ours alone repeats", async (t) => {
  let runs = 0;
  t.deepEqual(await repeat("ours", { repetitions: 3, warm: 2 }, async () => ++runs), [3, 4, 5]);
});
