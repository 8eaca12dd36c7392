import type { DecisionSpace } from "./decisions";

/** Decisions for all inputs by name: the alternative of every site. */
export type MaskByName = Readonly<Record<string, string>>;

/** Decisions for all inputs: of every site, by number or by name, or one alternative for all. */
export type Mask = readonly number[] | MaskByName | string;

/** The number of every site's alternative; throws, for all at once, where a mask does not fit. */
export function choicesOf(mask: Mask, space: DecisionSpace): readonly number[] {
  const { sites, alternatives } = space;
  if (typeof mask === "string") {
    const choice = alternatives.indexOf(mask);
    if (choice >= 0) return sites.map(() => choice);
    throw new Error(`no alternative is called "${mask}"; there are ${alternatives.join(", ")}`);
  }
  if (!isNumbers(mask)) return choicesByName(mask, space);
  const fits = mask.every((choice) => alternatives[choice] !== undefined);
  if (fits && mask.length === sites.length) return mask;
  throw new Error(
    `a mask has a number below ${alternatives.length} for each of ${sites.length} sites, ` +
      `given ${mask.length}: ${mask.join(", ")}`,
  );
}

/** The names of every site's alternative. */
export function maskByName(
  choices: readonly number[],
  { sites, alternatives }: DecisionSpace,
): MaskByName {
  return Object.fromEntries(sites.map((site, n) => [site, alternatives[choices[n]]]));
}

function choicesByName(mask: MaskByName, { sites, alternatives }: DecisionSpace): number[] {
  const problems = [
    ...sites.filter((site) => mask[site] === undefined).map((site) => `${site} has none`),
    ...Object.keys(mask)
      .filter((site) => !sites.includes(site))
      .map((site) => `${site} is no site`),
    ...sites
      .filter((site) => mask[site] !== undefined && !alternatives.includes(mask[site]))
      .map((site) => `${site} has no ${mask[site]}`),
  ];
  if (problems.length === 0) return sites.map((site) => alternatives.indexOf(mask[site]));
  throw new Error(
    `a mask names ${alternatives.join(" or ")} for each of ${sites.length} sites: ` +
      problems.join("; "),
  );
}

function isNumbers(mask: readonly number[] | MaskByName): mask is readonly number[] {
  return Array.isArray(mask);
}
