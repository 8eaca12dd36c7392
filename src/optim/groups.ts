import { Tensor } from "../torch";
import { checkOptions, describe } from "../torch/errors";
import type { AdamNumbers } from "./adam";

/** Parameters with the hyper-parameters that differ from the optimizer's. */
export type ParameterGroupOptions<N = AdamNumbers> = Partial<Readonly<N>> & {
  readonly params: readonly Tensor[];
  /** For reports and states; the optimizer itself does not look at it. */
  readonly name?: string;
};

/** Parameters with their hyper-parameters, which may change between steps. */
export type ParameterGroup<N = AdamNumbers> = N & {
  readonly params: readonly Tensor[];
  readonly name?: string;
  /** The learning rate that schedules start from; they set it where it is not. */
  initialLr?: number;
};

/** A group's hyper-parameters, with how many parameters it has. */
export type GroupState<N = AdamNumbers> = Omit<ParameterGroup<N>, "params"> & {
  readonly params: number;
};

/** An optimizer's state: tensors by `<parameter number>.<name>`, such as "0.exp_avg", and numbers. */
export interface OptimizerState<N = AdamNumbers> {
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly groups: readonly GroupState<N>[];
}

/** The groups that a constructor was given, whole by the defaults of what they leave open. */
export function completeGroups<N extends object>(
  given: readonly Tensor[] | readonly ParameterGroupOptions<N>[],
  defaults: N,
): ParameterGroup<N>[] {
  if (!Array.isArray(given)) refuse("an array of parameters or groups: model.parameters()", given);
  const groups = isGroups<N>(given) ? given : [{ params: given as readonly Tensor[] }];
  return groups.map((group) => completeGroup(group as ParameterGroupOptions<N>, defaults));
}

export function completeGroup<N extends object>(
  group: ParameterGroupOptions<N>,
  defaults: N,
): ParameterGroup<N> {
  const { params } = Object(group) as ParameterGroupOptions<N>;
  if (!Array.isArray(params)) refuse("groups with an array of params", group);
  checkOptions("a group of parameters", group, [
    "params",
    "name",
    "initialLr",
    ...Object.keys(defaults),
  ]);
  const stranger = params.findIndex((parameter) => !(parameter instanceof Tensor));
  if (stranger >= 0) refuse(`params to be Tensors`, params[stranger]);
  const own = Object.entries(group).filter(([, value]) => value !== undefined);
  return {
    ...defaults,
    ...Object.fromEntries(own),
    params: [...params],
  } as ParameterGroup<N>;
}

function refuse(expected: string, given: unknown): never {
  throw new TypeError(`an optimizer: expected ${expected}, given ${describe(given)}`);
}

function isGroups<N>(
  params: readonly Tensor[] | readonly ParameterGroupOptions<N>[],
): params is readonly ParameterGroupOptions<N>[] {
  return params.length > 0 && !(params[0] instanceof Tensor) && "params" in Object(params[0]);
}

/**
 * Throws naming all that keeps groups from being optimized: what `problemsOf` finds in their
 * hyper-parameters, parameters given twice, and no parameters.
 */
export function refuseGroups<N>(
  optimizer: string,
  groups: readonly ParameterGroup<N>[],
  problemsOf: (group: ParameterGroup<N>) => string[],
): void {
  const problems: string[] = [];
  const seen = new Set<Tensor>();
  for (const [number, group] of groups.entries()) {
    const where = `group ${group.name ?? number}`;
    problems.push(...problemsOf(group).map((problem) => `${where}: ${problem}`));
    if (group.params.some((parameter) => seen.has(parameter))) {
      problems.push(`${where}: has a parameter that was given before`);
    }
    if (new Set(group.params).size < group.params.length) {
      problems.push(`${where}: has a parameter twice`);
    }
    for (const parameter of group.params) seen.add(parameter);
  }
  if (seen.size === 0) problems.push("there are no parameters to optimize");
  if (problems.length > 0) throw new Error(`${optimizer}: ${problems.join("\n  ")}`);
}

/** What is below zero, or no number, among hyper-parameters. */
export function negatives(numbers: Readonly<Record<string, number>>): string[] {
  return Object.entries(numbers)
    .filter(([, value]) => !(value >= 0))
    .map(([key, value]) => `${key} ${value} is negative or no number`);
}
