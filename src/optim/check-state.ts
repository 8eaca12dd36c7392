import type { Tensor } from "../torch";
import { describe } from "../torch/errors";
import type { GroupState, ParameterGroup } from "./groups";
import type { Slot } from "./optimizer";

/** Throws for what is no state of ours, such as PyTorch's own form. */
export function requireState(given: unknown): void {
  const { tensors, groups, param_groups } = Object(given);
  if (isObject(tensors) && Array.isArray(groups)) return;
  const remedy = param_groups ? ": optim.fromPyTorchState makes one of PyTorch's" : "";
  throw new TypeError(
    `loadStateDict: expected the { tensors, groups } of stateDict()${remedy}, given ${describe(given)}`,
  );
}

const isObject = (value: unknown) => typeof value === "object" && value !== null;

/** Throws with all that keeps a state from fitting the parameters, with their slots, and their groups. */
export function checkState<N>(
  tensors: Readonly<Record<string, Tensor>>,
  states: readonly GroupState<N>[],
  groups: readonly ParameterGroup<N>[],
  slots: readonly Readonly<Record<string, Slot>>[],
): void {
  const problems = groupProblems(states, groups);
  const known = new Set<string>();
  for (const [number, parameter] of groups.flatMap(({ params }) => params).entries()) {
    problems.push(...parameterProblems(tensors, parameter, number, slots[number], known));
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
  for (const name of Object.keys(slots)) known.add(`${number}.${name}`);
  const names = Object.keys(slots).filter((name) => slots[name] !== "master");
  const absent = names.map((name) => `${number}.${name}`).filter((name) => !tensors[name]);
  const hasMaster = Object.keys(slots).some(
    (name) => slots[name] === "master" && tensors[`${number}.${name}`],
  );
  // Otherwise this parameter has taken no step yet.
  const hasState = absent.length < names.length || hasMaster;
  const problems = (hasState ? absent : []).map((name) => `missing: ${name}`);
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
  master: "the parameter is",
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
