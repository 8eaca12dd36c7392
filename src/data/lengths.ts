import type { Example, RegionSource } from "./dataset";
import { RandomSequence } from "./random";

/** The rows that an example has where no padding is computed: its tokens and its regions. */
export function lengthOf<E extends Example>(example: E, regions: RegionSource<E>): number {
  return example.tokens.length + regions.count(example);
}

/** A length rounded up to one of `steps`, evenly spaced up to the longest there is. */
export function roundedUp(length: number, longest: number, steps: number): number {
  const step = Math.ceil(longest / steps);
  return Math.max(length, Math.min(longest, Math.ceil(length / step) * step));
}

/** Sorted by length from the shortest on; those of equal lengths stay in their order. */
export function byLength<T>(items: readonly T[], lengthOf: (item: T) => number): T[] {
  return items
    .map((item) => ({ item, length: lengthOf(item) }))
    .sort((a, b) => a.length - b.length)
    .map(({ item }) => item);
}

export interface Buckets<T> {
  readonly batchSize: number;
  /** Batches that are sorted together. */
  readonly window: number;
  readonly lengthOf: (item: T) => number;
  /** Decides, with the epoch, the order of the batches. */
  readonly seed: number;
  readonly epoch: number;
}

/**
 * A random order in which the items of a batch have similar lengths: those of `window` batches at a
 * time are sorted and cut into batches, which then come in a random order. A last batch that is not
 * full keeps its items and its place.
 */
export function bucketed<T>(
  order: readonly T[],
  { batchSize, window, lengthOf, seed, epoch }: Buckets<T>,
): T[] {
  const full = order.length - (order.length % batchSize);
  const sorted = parts(order.slice(0, full), window * batchSize).flatMap((part) =>
    byLength(part, lengthOf),
  );
  const batches = parts(sorted, batchSize);
  // Where a window is a batch the order is random as it is.
  const shuffled =
    window === 1 ? batches : new RandomSequence(seed, BATCH_ORDER + epoch).shuffle(batches);
  return [...shuffled.flat(), ...byLength(order.slice(full), lengthOf)];
}

function parts<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}

/** Keeps the order of batches apart from that of items, which has the epoch alone as its key. */
const BATCH_ORDER = 2 ** 31;
