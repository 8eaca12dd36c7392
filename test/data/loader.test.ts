import test from "ava";
import { Loader, type LoaderBatch, type LoaderState } from "../../src/data/loader";
import { randomUint32 } from "../../src/data/random";

const items = Array.from({ length: 23 }, (_, i) => `item ${i}`);

function take<T>(loader: Loader<T>, count: number): LoaderBatch<T>[] {
  return Array.from({ length: count }, () => loader.next());
}

test("an epoch holds every item once, each epoch in another order", (t) => {
  const loader = new Loader(items, { batchSize: 5, seed: 1 });
  t.is(loader.batchesPerEpoch, 5);
  const [first, second] = [take(loader, 5), take(loader, 5)];
  const ofEpoch = (batches: LoaderBatch<string>[]) => batches.flatMap((batch) => batch.items);
  t.deepEqual([...ofEpoch(first)].sort(), [...items].sort());
  t.deepEqual([...ofEpoch(second)].sort(), [...items].sort());
  t.notDeepEqual(ofEpoch(first), ofEpoch(second));
  t.is(first[4].items.length, 3);
  t.deepEqual([first[4].epoch, second[0].epoch], [0, 1]);
});

test("the seed decides order and item seeds; each epoch has new item seeds", (t) => {
  const run = (seed: number) => take(new Loader(items, { batchSize: 4, seed }), 12);
  t.deepEqual(run(5), run(5));
  t.notDeepEqual(run(5), run(6));
  const fixed = new Loader(items, { batchSize: 23, shuffle: false });
  const [first, second] = take(fixed, 2);
  t.deepEqual(first.items, second.items);
  t.notDeepEqual(first.seeds, second.seeds);
  t.is(new Set([...first.seeds, ...second.seeds]).size, 46);
});

test("a restored loader goes on exactly, wherever it was saved", (t) => {
  const options = { batchSize: 5, seed: 9 };
  const whole = take(new Loader(items, options), 17);
  for (let saved = 0; saved <= 16; saved++) {
    const before = new Loader(items, options);
    take(before, saved);
    const state: LoaderState = JSON.parse(JSON.stringify(before.state()));
    const after = new Loader(items, options);
    take(after, 3);
    after.restore(state);
    t.deepEqual(take(after, 17 - saved), whole.slice(saved));
    t.deepEqual(take(before, 17 - saved), whole.slice(saved));
  }
});

test("dropLast leaves out batches that are not full", (t) => {
  const loader = new Loader(items, { batchSize: 5, dropLast: true });
  t.is(loader.batchesPerEpoch, 4);
  t.true(take(loader, 9).every((batch) => batch.items.length === 5));
});

test("a pass goes over all items once in order and leaves the position alone", (t) => {
  const loader = new Loader(items, { batchSize: 5, dropLast: true, seed: 2 });
  take(loader, 2);
  const before = loader.state();
  t.deepEqual(
    [...loader.pass()].flatMap((batch) => batch.items),
    items,
  );
  t.deepEqual(loader.state(), before);
});

test("iterating gives the same batches as next", (t) => {
  const batches: LoaderBatch<string>[] = [];
  for (const batch of new Loader(items, { batchSize: 5 })) {
    batches.push(batch);
    if (batches.length === 7) break;
  }
  t.deepEqual(batches, take(new Loader(items, { batchSize: 5 }), 7));
});

test("options and states that do not fit are refused with all reasons", (t) => {
  t.throws(() => new Loader(items, { batchSize: 0 }), { message: /batchSize is 0/ });
  t.throws(() => new Loader(items, { batchSize: 2, window: 0 }), { message: /window is 0/ });
  t.throws(() => new Loader([], { batchSize: 2 }), { message: /no batch/ });
  t.throws(() => new Loader(items, { batchSize: 24, dropLast: true }), { message: /dropLast/ });
  const state = new Loader(items, { batchSize: 5 }).state();
  const other = new Loader(items.slice(1), { batchSize: 4 });
  t.throws(() => other.restore(state), { message: /batchSize was 5, is 4; items was 23, is 22/ });
  t.throws(() => new Loader(items, { batchSize: 5 }).restore({ ...state, batch: 6 }), {
    message: /position 0:6/,
  });
});

/** 500 items, of lengths from 4 to 33 that say nothing of their numbers. */
const texts = Array.from({ length: 500 }, (_, i) => ({ i, length: 4 + (randomUint32(7, i) % 30) }));
const lengthOf = ({ length }: { length: number }) => length;

for (const window of [1, 4, 1000]) {
  const options = { batchSize: 16, seed: 3, lengthOf, window };

  test(`sorted in windows of ${window}: every item once an epoch, batches short ones first`, (t) => {
    const loader = new Loader(texts, options);
    const epochs = [take(loader, 32), take(loader, 32)];
    for (const batches of epochs) {
      const numbers = batches.flatMap((batch) => batch.items.map(({ i }) => i));
      t.deepEqual(
        numbers.sort((a, b) => a - b),
        texts.map(({ i }) => i),
      );
      t.is(batches.at(-1)!.items.length, 500 % 16);
      for (const { items } of batches) {
        const lengths = items.map(lengthOf);
        t.deepEqual(
          lengths,
          [...lengths].sort((a, b) => a - b),
        );
      }
    }
    const [first, second] = epochs.map((batches) => batches.map(({ items }) => items));
    t.notDeepEqual(first, second);
  });

  test(`sorted in windows of ${window}: the seed decides, and a restored loader goes on`, (t) => {
    const whole = take(new Loader(texts, options), 70);
    t.deepEqual(take(new Loader(texts, options), 70), whole);
    t.notDeepEqual(take(new Loader(texts, { ...options, seed: 4 }), 70), whole);
    for (const saved of [0, 1, 13, 31, 32, 33, 64, 69]) {
      const before = new Loader(texts, options);
      take(before, saved);
      const after = new Loader(texts, options);
      after.restore(JSON.parse(JSON.stringify(before.state())));
      t.deepEqual(take(after, 70 - saved), whole.slice(saved));
    }
  });
}

test("a window of one batch has the batches of chance, each sorted, with the seeds of its items", (t) => {
  const options = { batchSize: 16, seed: 3 };
  const [random, sorted] = [
    new Loader(texts, options),
    new Loader(texts, { ...options, lengthOf }),
  ];
  for (let batch = 0; batch < 40; batch++) {
    const [expected, actual] = [random.next(), sorted.next()].map(({ items, seeds }) =>
      items.map(({ i }, n) => [i, seeds[n]]).sort(([a], [b]) => a - b),
    );
    t.deepEqual(actual, expected);
  }
});

test("lengths within a batch vary the less the larger the window", (t) => {
  const spread = (options: object) => {
    const batches = take(new Loader(texts, { batchSize: 16, seed: 3, ...options }), 31);
    const ranges = batches.map(({ items }) => {
      const lengths = items.map(lengthOf);
      return Math.max(...lengths) - Math.min(...lengths);
    });
    return ranges.reduce((sum, range) => sum + range, 0) / ranges.length;
  };
  const [random, four, all] = [{}, { lengthOf, window: 4 }, { lengthOf, window: 1000 }].map(spread);
  t.true(four < 0.35 * random, `${four}, ${random}`);
  t.true(all < 0.1 * random, `${all}, ${random}`);
  t.is(spread({ lengthOf, window: 1 }), random);
});

test("batches of a window come in no order of length", (t) => {
  const loader = new Loader(texts, { batchSize: 16, seed: 3, lengthOf, window: 1000 });
  const means = take(loader, 31).map(
    ({ items }) => items.map(lengthOf).reduce((sum, length) => sum + length, 0) / items.length,
  );
  const rises = means.slice(1).filter((mean, n) => mean > means[n]).length;
  t.true(rises > 8 && rises < 22, `${rises} of 30`);
});

test("what dropLast leaves out is of any length", (t) => {
  const options = { batchSize: 16, dropLast: true, lengthOf, window: 1000 };
  const left = [1, 2, 3, 4, 5, 6, 7, 8].flatMap((seed) => {
    const taken = take(new Loader(texts, { ...options, seed }), 31).flatMap(({ items }) => items);
    return texts.filter((text) => !taken.includes(text)).map(lengthOf);
  });
  t.is(left.length, 8 * 4);
  const mean = left.reduce((sum, length) => sum + length, 0) / left.length;
  t.true(mean > 13 && mean < 24, `${mean}`); // of all it is 18.5
});

test("a fixed order is not sorted", (t) => {
  const loader = new Loader(texts, { batchSize: 16, shuffle: false, lengthOf, window: 4 });
  t.deepEqual(loader.next().items, texts.slice(0, 16));
  t.is(loader.state().window, 0);
});

test("a state of another window is refused", (t) => {
  const state = new Loader(texts, { batchSize: 16, lengthOf }).state();
  const other = new Loader(texts, { batchSize: 16, lengthOf, window: 2 });
  t.throws(() => other.restore(state), { message: /window was 1, is 2/ });
});
