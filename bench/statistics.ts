/** The middle value; the mean of the two middle ones of an even number. Throws where there is none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The share of the median that lies between the quartiles. */
export function spread(values: readonly number[]): number {
  return (quantile(values, 0.75) - quantile(values, 0.25)) / median(values);
}

/** Linear between neighbours, q from 0 to 1. */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) throw new Error("no values have no quantile");
  const sorted = [...values].sort((a, b) => a - b);
  const place = q * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

/** Milliseconds of the rounds of one peer and of ours beside them. */
export interface Pair {
  readonly ours: readonly number[];
  readonly peer: readonly number[];
}

/**
 * Runs ours and each peer in turns: ours, first peer, ours, second peer, ..., so that whatever else
 * the machine does falls on both. `warm` is not counted.
 */
export async function interleave<C>(
  ours: C,
  peers: readonly C[],
  { repetitions, warm = 1 }: { repetitions: number; warm?: number },
  run: (contender: C) => Promise<number>,
): Promise<Pair[]> {
  const pairs = peers.map(() => ({ ours: [] as number[], peer: [] as number[] }));
  for (let round = -warm; round < repetitions; round++) {
    for (const [number, peer] of peers.entries()) {
      const times = { ours: await run(ours), peer: await run(peer) };
      if (round < 0) continue;
      pairs[number].ours.push(times.ours);
      pairs[number].peer.push(times.peer);
    }
  }
  return pairs;
}

/** As `interleave` where there is no peer: the milliseconds of ours alone. */
export async function repeat<C>(
  ours: C,
  { repetitions, warm = 1 }: { repetitions: number; warm?: number },
  run: (contender: C) => Promise<number>,
): Promise<number[]> {
  const times: number[] = [];
  for (let round = -warm; round < repetitions; round++) {
    const time = await run(ours);
    if (round >= 0) times.push(time);
  }
  return times;
}
