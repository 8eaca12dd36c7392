/** Numbers that depend on a seed and a key alone (SplitMix32): no process-wide state is touched. */
export class RandomNumbers {
  private state: number;

  constructor(seed: number, key = 0) {
    this.state = mix(mix(seed) ^ key);
  }

  /** The next number in [0, 1). */
  next(): number {
    return this.integer() / 2 ** 32;
  }

  /** The next whole number in [0, 2^32). */
  integer(): number {
    this.state = (this.state + 0x9e3779b9) >>> 0;
    return mix(this.state);
  }
}

function mix(value: number): number {
  let hash = value >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97);
  return (hash ^ (hash >>> 15)) >>> 0;
}
