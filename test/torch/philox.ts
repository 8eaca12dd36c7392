/** Philox4x32-10 word by word (Salmon et al. 2011, section 3.3): counter and key to four words. */
export function philox(counter: readonly number[], key: readonly number[]): number[] {
  let words = counter.map(BigInt);
  let [low, high] = key.map(BigInt);
  const word = (value: bigint) => value & 0xffffffffn;
  for (let round = 0; round < 10; round++) {
    const first = words[0] * 0xd2511f53n;
    const second = words[2] * 0xcd9e8d57n;
    words = [
      (second >> 32n) ^ words[1] ^ low,
      word(second),
      (first >> 32n) ^ words[3] ^ high,
      word(first),
    ];
    [low, high] = [word(low + 0x9e3779b9n), word(high + 0xbb67ae85n)];
  }
  return words.map(Number);
}

/** Whether dropout at p keeps column c of a row: 32 bits of the row's counters are at least p. */
export function keeps(
  p: number,
  seed: number,
  { sample, position, stream = 0 }: { sample: number; position: number; stream?: number },
  column: number,
): boolean {
  const key = [seed % 2 ** 32, Math.floor(seed / 2 ** 32)];
  const words = philox([Math.floor(column / 4), position, sample, stream], key);
  return words[column % 4] >= Math.round(p * 2 ** 32);
}
