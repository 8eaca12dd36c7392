import test from "ava";
import { Loader, type LoaderBatch, type LoaderState } from "../../src/data/loader";

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
  t.throws(() => new Loader([], { batchSize: 2 }), { message: /no batch/ });
  t.throws(() => new Loader(items, { batchSize: 24, dropLast: true }), { message: /dropLast/ });
  const state = new Loader(items, { batchSize: 5 }).state();
  const other = new Loader(items.slice(1), { batchSize: 4 });
  t.throws(() => other.restore(state), { message: /batchSize was 5, is 4; items was 23, is 22/ });
  t.throws(() => new Loader(items, { batchSize: 5 }).restore({ ...state, batch: 6 }), {
    message: /position 0:6/,
  });
});
