import type { Tensor } from "../torch";
import type { GroupState, ParameterGroup } from "./adamw";

const MOMENTS = ["exp_avg", "exp_avg_sq"] as const;

/** Throws with all that keeps a state from fitting the parameters and their groups. */
export function checkState(
  tensors: Readonly<Record<string, Tensor>>,
  states: readonly GroupState[],
  parameters: readonly Tensor[],
  groups: readonly ParameterGroup[],
): void {
  const problems = groupProblems(states, groups);
  const known = new Set<string>();
  for (const [number, { shape }] of parameters.entries()) {
    const names = ["step", ...MOMENTS].map((name) => `${number}.${name}`);
    for (const name of names) known.add(name);
    const absent = names.filter((name) => !tensors[name]);
    if (absent.length === names.length) continue; // this parameter has taken no step yet
    problems.push(...absent.map((name) => `missing: ${name}`));
    for (const moment of MOMENTS) {
      const given = tensors[`${number}.${moment}`]?.shape ?? shape;
      if (given.join() === shape.join()) continue;
      problems.push(`shape: ${number}.${moment} is [${given}], the parameter is [${shape}]`);
    }
  }
  const unexpected = Object.keys(tensors).filter((name) => !known.has(name));
  problems.push(...unexpected.map((name) => `unexpected: ${name}`));
  if (problems.length > 0) {
    throw new Error(`the state does not fit the optimizer:\n  ${problems.join("\n  ")}`);
  }
}

function groupProblems(states: readonly GroupState[], groups: readonly ParameterGroup[]): string[] {
  if (states.length !== groups.length) {
    return [`${states.length} parameter groups are given for ${groups.length}`];
  }
  return states.flatMap(({ params, name }, number) => {
    const expected = groups[number].params.length;
    return params === expected
      ? []
      : [`group ${name ?? number} has ${params} parameters, the optimizer's has ${expected}`];
  });
}
