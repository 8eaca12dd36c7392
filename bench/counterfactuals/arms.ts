import type { CounterfactualRate } from "adaptune";

/** A rate of counterfactuals under its name in tables; the first arm is what others are held against. */
export interface Arm {
  readonly name: string;
  readonly rate: CounterfactualRate;
}

/** Exact, and the same mean rate in both ways. */
export function armsAt(share: number): readonly Arm[] {
  return [
    { name: "exact", rate: "exact" },
    { name: `fixed ${share}`, rate: { fixed: share } },
    { name: `adaptive ${share}`, rate: { adaptive: share } },
  ];
}

/**
 * Runs something for each arm, in turns and every time with another one first, so that whatever else
 * the machine does falls on all: milliseconds by arm, the first rounds not counted.
 */
export async function inTurns<A>(
  arms: readonly A[],
  { rounds, warm }: { readonly rounds: number; readonly warm: number },
  run: (arm: A) => void,
): Promise<number[][]> {
  const times: number[][] = arms.map(() => []);
  for (let round = -warm; round < rounds; round++) {
    for (const turn of arms.keys()) {
      const number = (turn + warm + round) % arms.length;
      const began = performance.now();
      run(arms[number]);
      if (round >= 0) times[number].push(performance.now() - began);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return times;
}
