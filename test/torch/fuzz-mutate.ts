/** Numbers that depend on the seed alone (mulberry32). */
export class Random {
  constructor(private state: number) {}

  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }
}

/** Values that lengths, counts and offsets fail at. */
const edges = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

type Mutation = (bytes: Buffer, random: Random) => Buffer;

const inPlace: Mutation[] = [
  // Single bytes and bits.
  (bytes, random) => write(bytes, random, [random.below(256)]),
  (bytes, random) => {
    const at = random.below(bytes.length);
    bytes[at] ^= 1 << random.below(8);
    return bytes;
  },
  // Numbers of 4 and 8 bytes.
  (bytes, random) => write(bytes, random, little(BigInt(random.pick(edges)), 4)),
  (bytes, random) => write(bytes, random, little(BigInt(random.pick(edges)), 8)),
  (bytes, random) => write(bytes, random, little(BigInt(random.pick(edges)) << 32n, 8)),
  // Digits of texts.
  (bytes, random) => {
    const digits = [...bytes.keys()].filter((at) => bytes[at] >= 0x30 && bytes[at] <= 0x39);
    if (digits.length > 0) bytes[random.pick(digits)] = 0x30 + random.below(10);
    return bytes;
  },
  // Parts moved.
  (bytes, random) => {
    const [from, to] = range(bytes, random);
    bytes.copy(bytes, random.below(bytes.length), from, to);
    return bytes;
  },
];

const structural: Mutation[] = [
  // Parts cut out and doubled.
  (bytes, random) => bytes.subarray(0, random.below(bytes.length)),
  (bytes, random) => {
    const [from, to] = range(bytes, random);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  (bytes, random) => {
    const [from, to] = range(bytes, random);
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  },
];

/** A damaged copy: one to four changes. Most keep the length, or directories would catch them all. */
export function mutate(original: Buffer, random: Random): Buffer {
  let bytes: Buffer = Buffer.from(original);
  for (let left = 1 + random.below(4); left > 0 && bytes.length > 0; left--) {
    const kinds = random.below(8) === 0 ? structural : inPlace;
    bytes = Buffer.from(random.pick(kinds)(bytes, random));
  }
  return bytes;
}

function write(bytes: Buffer, random: Random, values: readonly number[]): Buffer {
  const at = random.below(bytes.length);
  for (const [i, value] of values.entries()) if (at + i < bytes.length) bytes[at + i] = value;
  return bytes;
}

function little(value: bigint, length: number): number[] {
  return Array.from({ length }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

/** Up to 64 bytes. */
function range(bytes: Buffer, random: Random): [from: number, to: number] {
  const from = random.below(bytes.length);
  return [from, Math.min(bytes.length, from + 1 + random.below(64))];
}
