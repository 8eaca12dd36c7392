import type { Tensor } from "../torch";
import * as torch from "../torch";

/**
 * The samples of a batch as packed rows [R,..]: all rows of sample 0, then those of sample 1, and so
 * on, none of them padding. What works row by row takes packed rows as they are.
 */
export class Packing {
  /** R, the rows of all samples. */
  readonly rows: number;
  private readonly parts = new Map<readonly number[], Packing>();

  /**
   * Takes how many rows each sample has, at least one; and who all rows are, by `rowNumber`, the
   * first ones of samples in order by default.
   */
  constructor(
    readonly lengths: readonly number[],
    readonly numbers: BigInt64Array = numbersInOrder(lengths),
  ) {
    this.rows = lengths.reduce((sum, length) => sum + length, 0);
  }

  /** That of some samples, by number in ascending order; the same list of numbers has the same. */
  part(samples: readonly number[]): Packing {
    const known = this.parts.get(samples);
    if (known) return known;
    const lengths = samples.map((sample) => this.lengths[sample]);
    const part = new Packing(lengths, this.numbersOf(samples, lengths));
    this.parts.set(samples, part);
    return part;
  }

  private numbersOf(samples: readonly number[], lengths: readonly number[]): BigInt64Array {
    const starts: number[] = [];
    this.lengths.reduce((start, length, sample) => {
      starts[sample] = start;
      return start + length;
    }, 0);
    const numbers = new BigInt64Array(lengths.reduce((sum, length) => sum + length, 0));
    let next = 0;
    for (const [n, sample] of samples.entries()) {
      const own = this.numbers.subarray(starts[sample], starts[sample] + lengths[n]);
      numbers.set(own, next);
      next += own.length;
    }
    return numbers;
  }
}

function numbersInOrder(lengths: readonly number[]): BigInt64Array {
  const rows = lengths.reduce((sum, length) => sum + length, 0);
  const numbers = new BigInt64Array(rows);
  let row = 0;
  for (const [sample, length] of lengths.entries()) {
    for (let position = 0; position < length; position++) {
      numbers[row++] = rowNumber(sample, position);
    }
  }
  return numbers;
}

/** Who a row is: a position of a sample of the batch, whatever else the rows are among. */
export function rowNumber(sample: number, position: number): bigint {
  return (BigInt(sample) << 32n) + BigInt(position);
}

/** Which rows attend to which, in the place of a mask: a sample's queries to all of its keys. */
export class PackedAttention {
  constructor(
    readonly queries: Packing,
    readonly keys: Packing,
  ) {}

  /** That of some samples. */
  part(samples: readonly number[]): PackedAttention {
    return new PackedAttention(this.queries.part(samples), this.keys.part(samples));
  }
}

/** What attention takes to leave rows out: a mask that broadcasts to [B,H,S,S'], or a packing. */
export type AttentionMask = Tensor | PackedAttention | null;

/** The packings of the forward under way: like the gradient mode, they are dynamic. */
let current: readonly Packing[] = [];
/** The samples that a part of a batch is of; null where it is all. */
let part: readonly number[] | null = null;
let enabled = true;

/** Runs a synchronous function in which rows are packed in these ways, and in those around it. */
export function whilePacked<T>(packings: readonly Packing[], fn: () => T): T {
  const outer = current;
  current = [...outer, ...packings];
  try {
    return fn();
  } finally {
    current = outer;
  }
}

/** Runs a synchronous function on some samples of what is packed around it. */
export function whilePart<T>(samples: readonly number[], fn: () => T): T {
  const [outer, whole] = [current, part];
  current = outer.map((packing) => packing.part(samples));
  part = whole ? samples.map((sample) => whole[sample]) : samples;
  try {
    return fn();
  } finally {
    current = outer;
    part = whole;
  }
}

/** Runs a synchronous function in which nothing is packed: padding is computed, as a reference. */
export function withoutPacking<T>(fn: () => T): T {
  const outer = enabled;
  enabled = false;
  try {
    return fn();
  } finally {
    enabled = outer;
  }
}

/** How so many rows are packed now; null where they are not. */
export function packingOf(rows: number): Packing | null {
  return current.find((packing) => packing.rows === rows) ?? null;
}

/**
 * Who the rows of x [..,C] are, by `rowNumber` [R]; null where they are all rows of all samples, in
 * order. The first dimension counts samples, or all are packed rows, as are single rows [B,1,C].
 */
export function rowNumbers(x: Tensor): Tensor | null {
  const { shape, device } = x;
  const inside = shape.slice(1, -1).reduce((product, size) => product * size, 1);
  const packing = inside === 1 ? packingOf(shape[0]) : null;
  if (packing) return torch.tensor(packing.numbers, { device });
  if (part === null || x.ndim < 2 || shape[0] % part.length !== 0) return null;
  const each = shape[0] / part.length; // one, but where a module sees several as samples
  const numbers = part.flatMap((sample) =>
    Array.from({ length: each * inside }, (_, n) =>
      rowNumber(sample * each + Math.floor(n / inside), n % inside),
    ),
  );
  return torch.tensor(BigInt64Array.from(numbers), { device });
}

/** What a packing leaves of a mask where states of one kind attend to those of another. */
export function attentionAcross(from: AttentionMask, to: AttentionMask): AttentionMask {
  const isPacked = from instanceof PackedAttention && to instanceof PackedAttention;
  return isPacked ? new PackedAttention(from.queries, to.keys) : to;
}

/** Padded states as packed rows. */
export interface Packed {
  /** [R,D] */
  readonly rows: Tensor;
  readonly packing: Packing;
  /** How the rows of each sample attend to each other. */
  readonly attention: PackedAttention;
  /** Takes the row of each sample that was at a position in 0 .. S-1: [R,D] -> [B,D]. */
  at(rows: Tensor, positions: readonly number[]): Tensor;
  /** Puts rows [R,D] back to their places: [B,S,D], zeros at padding. */
  unpack(rows: Tensor): Tensor;
}

/**
 * Packs states [B,S,D] by what a mask [B,1,1,S] leaves of them. Null where it leaves nothing out,
 * and where it does anything else: it weighs positions, or differs between heads or queries.
 */
export function pack(hidden: Tensor, mask: Tensor | null): Packed | null {
  const present = presentRows(hidden, mask);
  return present && !isWhole(hidden, present) ? packRows(hidden, present) : null;
}

function isWhole({ shape }: Tensor, { index }: Present): boolean {
  return index.length === shape[0] * shape[1];
}

/** Packs states that attend to each other if any of them has padding; null where none can be. */
export function packTogether(
  states: readonly (readonly [hidden: Tensor, mask: Tensor | null])[],
): Packed[] | null {
  const found = states.map(([hidden, mask]) => presentRows(hidden, mask));
  const hasPadding = states.some(([hidden], n) => found[n] && !isWhole(hidden, found[n]));
  if (!hasPadding) return null;
  const packed: Packed[] = [];
  for (const [n, [hidden]] of states.entries()) {
    const present = found[n];
    const made = present && packRows(hidden, present);
    if (made === null || packed.some(({ packing }) => looksLike(packing, made.packing)))
      return null;
    packed.push(made);
  }
  return packed;
}

/** Whether two packings have as many rows, but not the same ones: they can not be told apart. */
function looksLike(one: Packing, other: Packing): boolean {
  return one.rows === other.rows && one.numbers.join() !== other.numbers.join();
}

function packRows(hidden: Tensor, present: Present): Packed {
  const [batch, length, size] = hidden.shape;
  const numbers = present.index.map((place) => {
    const position = place % BigInt(length);
    return (((place - position) / BigInt(length)) << 32n) + position;
  });
  const packing = new Packing(present.lengths, numbers);
  const index = torch.tensor(present.index, { device: hidden.device });
  const all = hidden.reshape([batch * length, size]);
  return {
    rows: all.indexSelect(0, index),
    packing,
    attention: new PackedAttention(packing, packing),
    at(rows, positions) {
      const found = positions.map((position, sample) => {
        const row = present.index.indexOf(BigInt(sample * length + position));
        if (row < 0) throw new RangeError(`position ${position} of input ${sample} is padding`);
        return row;
      });
      return rows.indexSelect(0, torch.tensor(found, { dtype: "int64", device: rows.device }));
    },
    unpack: (rows) =>
      rows
        .newZeros([batch * length, rows.shape[1]])
        .indexCopy(0, index, rows)
        .view([batch, length, -1]),
  };
}

/** Numbers in [B*S] of the positions that are there, and how many each sample has. */
interface Present {
  readonly index: BigInt64Array;
  readonly lengths: readonly number[];
}

function presentRows(hidden: Tensor, mask: Tensor | null): Present | null {
  if (!enabled || hidden.ndim !== 3) return null;
  const [batch, length] = hidden.shape;
  if (mask && mask.shape.join() !== [batch, 1, 1, length].join()) return null;
  const values = mask?.detach().to("float32").toTypedArray() ?? new Float32Array(batch * length);
  const index: bigint[] = [];
  const lengths: number[] = [];
  for (let sample = 0; sample < batch; sample++) {
    const before = index.length;
    for (let place = sample * length; place < (sample + 1) * length; place++) {
      if (values[place] === 0) index.push(BigInt(place));
      else if (values[place] !== -Infinity) return null;
    }
    if (index.length === before) return null;
    lengths.push(index.length - before);
  }
  return { index: BigInt64Array.from(index), lengths };
}
