/**
 * A uniform 32-bit number for a seed and any number of counters: the same on every platform, with
 * no state to carry. Each counter goes through the finaliser of MurmurHash3 (fmix32).
 */
export function randomUint32(seed: number, ...counters: number[]): number {
  let hash = mix32((seed >>> 0) ^ 0x9e3779b9);
  for (const counter of counters) {
    const high = Math.floor(counter / 2 ** 32);
    hash = mix32(hash ^ mix32((counter >>> 0) + 0x85ebca6b));
    if (high !== 0) hash = mix32(hash ^ mix32((high >>> 0) + 0xc2b2ae35));
  }
  return hash;
}

/** A stable 32-bit key of a text (FNV-1a over UTF-16 units, finalised), to seed or to sort by. */
export function textKey(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return mix32(hash);
}

/** A sequence of numbers in [0, 1) that depends on the seed and key alone. */
export class RandomSequence {
  private drawn = 0;

  constructor(
    private readonly seed: number,
    private readonly key: number = 0,
  ) {}

  /** The next number in [0, 1). */
  next(): number {
    return randomUint32(this.seed, this.key, this.drawn++) / 2 ** 32;
  }

  /** A whole number in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  /** The items in a random order (Fisher-Yates), the given array unchanged. */
  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [shuffled[i], shuffled[j]] = [shuffled[j], shuffled[i]];
    }
    return shuffled;
  }
}

/** A permutation of 0 .. length - 1 that depends on seed and epoch alone. */
export function permutation(length: number, seed: number, epoch: number): Uint32Array {
  const random = new RandomSequence(seed, epoch);
  const order = Uint32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const moved = order[i];
    order[i] = order[j];
    order[j] = moved;
  }
  return order;
}

function mix32(value: number): number {
  let hash = value >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
