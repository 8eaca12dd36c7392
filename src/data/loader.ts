import { checkOptions } from "../torch/errors";
import { bucketed } from "./lengths";
import { permutation, randomUint32 } from "./random";

export interface LoaderOptions<T = never> {
  batchSize: number;
  /** A new order each epoch; the default is true. */
  shuffle?: boolean;
  /** Leaves out an epoch's last batch when it is not full. */
  dropLast?: boolean;
  seed?: number;
  /** By what items of a batch are sorted, from the shortest on, where the loader shuffles. */
  lengthOf?: (item: T) => number;
  /** So many batches are sorted together: items of a batch have similar lengths; 1 by default. */
  window?: number;
}

export interface LoaderBatch<T> {
  items: T[];
  /** A seed for each item, new in each epoch, for whatever is random in making its input. */
  seeds: Uint32Array;
  epoch: number;
}

/** Where a loader is: plain numbers, so that it can be written as JSON. */
export interface LoaderState {
  epoch: number;
  /** Batches of this epoch that were handed out. */
  batch: number;
  seed: number;
  batchSize: number;
  items: number;
  shuffle: boolean;
  dropLast: boolean;
  /** Batches that are sorted by length together; 0 where nothing is sorted. */
  window: number;
}

/**
 * Hands out batches of items without end, epoch after epoch, or once over in fixed order.
 *
 * The order of an epoch depends on seed and epoch number alone, so that a restored loader goes on
 * exactly where the saved one was, in the middle of an epoch too.
 */
export class Loader<T> {
  readonly batchesPerEpoch: number;

  private readonly options: Omit<LoaderState, "epoch" | "batch" | "items">;
  private readonly lengthOf: ((item: T) => number) | undefined;
  private epoch = 0;
  private batch = 0;
  private order?: { epoch: number; indices: Uint32Array };

  /** @throws RangeError for a batch size or window below 1, or when there is not a single batch. */
  constructor(
    readonly items: readonly T[],
    options: LoaderOptions<T>,
  ) {
    const {
      batchSize,
      shuffle = true,
      dropLast = false,
      seed = 0,
      lengthOf,
      window = 1,
    } = checkOptions(new.target.name, options, [
      "batchSize",
      "shuffle",
      "dropLast",
      "seed",
      "lengthOf",
      "window",
    ]);
    for (const [name, value] of Object.entries({ batchSize, window })) {
      if (Number.isInteger(value) && value >= 1) continue;
      throw new RangeError(`${name} is ${value}, expected a whole number from 1 on`);
    }
    this.lengthOf = shuffle ? lengthOf : undefined;
    this.options = { batchSize, shuffle, dropLast, seed, window: this.lengthOf ? window : 0 };
    const batches = items.length / batchSize;
    this.batchesPerEpoch = dropLast ? Math.floor(batches) : Math.ceil(batches);
    if (this.batchesPerEpoch === 0) {
      throw new RangeError(
        `${items.length} items make no batch of ${batchSize}${dropLast ? " (dropLast is set)" : ""}`,
      );
    }
  }

  /** The next batch; after an epoch's last one, the first of the next epoch. */
  next(): LoaderBatch<T> {
    if (this.batch === this.batchesPerEpoch) {
      this.epoch++;
      this.batch = 0;
    }
    return this.take(this.batch++, this.epoch, this.indices(this.epoch));
  }

  /** Batches without end: `for (const batch of loader)`, left with `break`. */
  *[Symbol.iterator](): Generator<LoaderBatch<T>, never> {
    for (;;) yield this.next();
  }

  /** Every item once, in the order given, however the loader shuffles; its position stays. */
  *pass(): Generator<LoaderBatch<T>> {
    const { batchSize } = this.options;
    const inOrder = Uint32Array.from(this.items, (_, i) => i);
    for (let batch = 0; batch * batchSize < this.items.length; batch++) {
      yield this.take(batch, 0, inOrder);
    }
  }

  state(): LoaderState {
    return {
      epoch: this.epoch,
      batch: this.batch,
      ...this.options,
      items: this.items.length,
    };
  }

  /** Goes on from a state of other items or options at the next epoch; from one of its own where it was. */
  branch(state: LoaderState): void {
    const own = this.state();
    const isOwn = FIXED.every((key) => state[key] === own[key]);
    this.restore(isOwn ? state : { ...own, epoch: state.epoch + 1, batch: 0 });
  }

  /** @throws RangeError when the state is of other items or options, naming each difference. */
  restore(state: LoaderState): void {
    const own = this.state();
    const differences = FIXED.filter((key) => state[key] !== own[key]).map(
      (key) => `${key} was ${state[key]}, is ${own[key]}`,
    );
    const inRange =
      Number.isInteger(state.epoch) &&
      state.epoch >= 0 &&
      Number.isInteger(state.batch) &&
      state.batch >= 0 &&
      state.batch <= this.batchesPerEpoch;
    if (!inRange) differences.push(`position ${state.epoch}:${state.batch} does not exist`);
    if (differences.length > 0) {
      throw new RangeError(`The loader's state does not fit: ${differences.join("; ")}`);
    }
    this.epoch = state.epoch;
    this.batch = state.batch;
  }

  private take(batch: number, epoch: number, indices: Uint32Array): LoaderBatch<T> {
    const { batchSize, seed } = this.options;
    const chosen = indices.subarray(batch * batchSize, (batch + 1) * batchSize);
    return {
      items: Array.from(chosen, (index) => this.items[index]),
      seeds: chosen.map((index) => randomUint32(seed, epoch, index, ITEM_SEED)),
      epoch,
    };
  }

  private indices(epoch: number): Uint32Array {
    if (this.order?.epoch !== epoch) {
      const { shuffle, seed } = this.options;
      const length = this.items.length;
      const indices = shuffle
        ? permutation(length, seed, epoch)
        : Uint32Array.from({ length }, (_, i) => i);
      this.order = { epoch, indices: this.sorted(indices, epoch) };
    }
    return this.order.indices;
  }

  /** What an epoch leaves out is chosen before anything is sorted: it may be of any length. */
  private sorted(indices: Uint32Array, epoch: number): Uint32Array {
    const { lengthOf, items } = this;
    if (!lengthOf) return indices;
    const { batchSize, dropLast, window, seed } = this.options;
    const used = dropLast ? this.batchesPerEpoch * batchSize : indices.length;
    return Uint32Array.from(
      bucketed([...indices.subarray(0, used)], {
        batchSize,
        window,
        lengthOf: (index) => lengthOf(items[index]),
        seed,
        epoch,
      }),
    );
  }
}

/** What a position in an epoch depends on. */
const FIXED = ["seed", "batchSize", "items", "shuffle", "dropLast", "window"] as const;

/** Keeps the items' seeds apart from the numbers that shuffle. */
const ITEM_SEED = 0x17e3;
