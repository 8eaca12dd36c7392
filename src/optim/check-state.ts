import type { Tensor } from "../torch";
import type { GroupState, ParameterGroup } from "./groups";
import type { Slot } from "./optimizer";

/** Throws with all that keeps a state from fitting the parameters and their groups. */
export function checkState<N>(
  tensors: Readonly<Record<string, Tensor>>,
  states: readonly GroupState<N>[],
  groups: readonly ParameterGroup<N>[],
  slots: readonly Readonly<Record<string, Slot>>[],
): void {
  const problems = groupProblems(states, groups);
  const known = new Set<string>();
  let number = 0;
  for (const [n, { params }] of groups.entries()) {
    for (const parameter of params) {
      problems.push(...parameterProblems(tensors, parameter, number, slots[n], known));
      number += 1;
    }
  }
  const unexpected = Object.keys(tensors).filter((name) => !known.has(name));
  problems.push(...unexpected.map((name) => `unexpected: ${name}`));
  if (problems.length > 0) {
    throw new Error(`the state does not fit the optimizer:\n  ${problems.join("\n  ")}`);
  }
}

function parameterProblems(
  tensors: Readonly<Record<string, Tensor>>,
  { shape }: Tensor,
  number: number,
  slots: Readonly<Record<string, Slot>>,
  known: Set<string>,
): string[] {
  const names = Object.keys(slots).map((name) => `${number}.${name}`);
  for (const name of names) known.add(name);
  const absent = names.filter((name) => !tensors[name]);
  if (absent.length === names.length) return []; // this parameter has taken no step yet
  const problems = absent.map((name) => `missing: ${name}`);
  for (const [slot, kind] of Object.entries(slots)) {
    const given = tensors[`${number}.${slot}`]?.shape;
    const wanted = kind === "count" ? [] : shape;
    if (!given || given.join() === wanted.join()) continue;
    problems.push(`shape: ${number}.${slot} is [${given}], ${EXPECTED[kind]} [${wanted}]`);
  }
  return problems;
}

const EXPECTED: Readonly<Record<Slot, string>> = {
  count: "a count of steps is",
  "like parameter": "the parameter is",
};

function groupProblems<N>(
  states: readonly GroupState<N>[],
  groups: readonly ParameterGroup<N>[],
): string[] {
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
