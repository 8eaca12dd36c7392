import type { MaskByName } from "../mask";
import type { DecisionSummary } from "./statistics";

/** The place of the largest number, the first of equal ones. */
export function majority(counts: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < counts.length; k++) if (counts[k] > counts[best]) best = k;
  return best;
}

/** The alternative that most inputs picked at every site: one mask for all of them. */
export function majorityMask({ sites }: Pick<DecisionSummary, "sites">): MaskByName {
  return Object.fromEntries(
    sites.map(({ site, usage }) => {
      const names = Object.keys(usage);
      return [site, names[majority(Object.values(usage))]];
    }),
  );
}
