import test from "ava";
import { permutation, RandomSequence, randomUint32, textKey } from "../../src/data/random";

test("numbers depend on seed and counters alone, and are the same on every platform", (t) => {
  t.deepEqual(
    [randomUint32(0), randomUint32(1), randomUint32(1, 2)],
    [2462723854, 920564995, 4148729366],
  );
  t.is(textKey("1F34E"), 3719669562);
  t.not(randomUint32(1, 2, 3), randomUint32(1, 3, 2));
  t.not(randomUint32(0, 2 ** 32), randomUint32(0, 0));
});

test("numbers spread evenly over [0, 1)", (t) => {
  const random = new RandomSequence(7);
  const counts = new Array(10).fill(0);
  for (let i = 0; i < 20_000; i++) counts[Math.floor(random.next() * 10)]++;
  t.true(
    counts.every((count) => Math.abs(count - 2000) < 200),
    counts.join(" "),
  );
});

test("a shuffle keeps every item and leaves the given array alone", (t) => {
  const items = Object.freeze(["a", "b", "c", "d", "e"]);
  const shuffled = new RandomSequence(1).shuffle(items);
  t.deepEqual([...shuffled].sort(), [...items]);
  t.deepEqual(new RandomSequence(1).shuffle(items), shuffled);
});

test("permutations hold every index once and differ between epochs and seeds", (t) => {
  const first = permutation(1000, 3, 0);
  t.deepEqual(
    Array.from(first).sort((a, b) => a - b),
    Array.from({ length: 1000 }, (_, i) => i),
  );
  t.deepEqual(permutation(1000, 3, 0), first);
  t.notDeepEqual(permutation(1000, 3, 1), first);
  t.notDeepEqual(permutation(1000, 4, 0), first);
});

test("every place of a permutation is equally likely", (t) => {
  const places = new Array(5).fill(0);
  for (let seed = 0; seed < 5000; seed++) places[permutation(5, seed, 0).indexOf(0)]++;
  t.true(
    places.every((count) => Math.abs(count - 1000) < 130),
    places.join(" "),
  );
});
