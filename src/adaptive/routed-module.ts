import { functional, Module, PackedAttention, packingOf, type Registered, whilePart } from "../nn";
import { cat, ops, scope, Tensor } from "../torch";
import type { Alternative } from "./alternative";
import { isComparedWhole, type Rows, type SiteDecision } from "./decisions";
import type { Part } from "./site";

/**
 * A module in which, for each input of a batch, a picked alternative runs.
 *
 * Where the gate learns, each alternative also runs on the rows that did not pick it, without a
 * graph: y = sum over k of g_k y_k with a one-hot gate g, so dL/dg_k = <dL/dy, y_k> needs a loser's
 * value, while its weights and input receive g_k = 0 times their gradient.
 */
export abstract class RoutedModule extends Module {
  /** What runs as each alternative. */
  protected readonly modules: readonly Module[];

  constructor(
    site: Module,
    part: Part,
    protected readonly alternatives: readonly Alternative[],
    /** Put before the alternatives' names in the state; see `hiddenName`. */
    private readonly label = "",
  ) {
    super();
    this.modules = alternatives.map((alternative) => alternative.build(site, part));
  }

  /** The weights of one alternative are the site's own by name, the others' below theirs. */
  override registered(): Registered[] {
    return this.alternatives.flatMap(({ name, keepsNames }, k): Registered[] =>
      keepsNames
        ? this.modules[k].registered()
        : [[name, this.modules[k], this.label === "" ? name : `${this.label}.${name}`]],
    );
  }

  /** What gives the same under a mask: a plain module. Takes the choice of every decision. */
  abstract merged(mask: readonly number[]): Module;

  /** Alternatives in which nothing trains stay in evaluation mode. */
  override train(mode = true): this {
    this.training = mode;
    for (const module of this.modules) {
      module.train(mode && module.parameters().some(({ requiresGrad }) => requiresGrad));
    }
    return this;
  }
}

/**
 * Picks the inputs of a group out of all arguments. Tensors whose leading dimension is the batch
 * follow their inputs, those of packed rows too; those whose leading dimension is 1 go to all. A
 * group that is asked for twice, and a tensor that is there twice, cost once; so do all of `apart`,
 * groups that have no input in common.
 */
export function rowSelector<A extends readonly unknown[]>(
  args: A,
  batch: number,
  apart: readonly Rows[] = [],
): (rows: Rows) => A {
  const parts = new Map<unknown, Map<Rows, unknown>>();
  const partOf = (arg: unknown, rows: Rows): unknown => {
    if (!parts.has(arg)) parts.set(arg, new Map());
    const known = parts.get(arg)!;
    if (!known.has(rows)) {
      const groups = apart.includes(rows) ? apart : [rows];
      const made = select(arg, groups, batch);
      for (const [n, group] of groups.entries()) known.set(group, made[n]);
    }
    return known.get(rows);
  };
  return (rows) => (rows.areAll ? args : (args.map((arg) => partOf(arg, rows)) as unknown as A));
}

/** An argument's parts for groups without an input in common. */
function select(arg: unknown, groups: readonly Rows[], batch: number): unknown[] {
  if (arg instanceof PackedAttention) return groups.map(({ numbers }) => arg.part(numbers));
  if (!(arg instanceof Tensor) || arg.ndim === 0) return groups.map(() => arg);
  const [leading] = arg.shape;
  const packing = leading === batch ? null : packingOf(leading);
  if (leading !== batch && packing === null) {
    if (leading === 1) return groups.map(() => arg);
    throw new Error(
      `a routed site got a tensor [${arg.shape}] at batch ${batch}: its leading dimension has to be the batch or 1`,
    );
  }
  const choice = Array<number>(batch).fill(-1);
  for (const [n, { numbers }] of groups.entries()) {
    for (const number of numbers) choice[number] = n;
  }
  const lengths = packing ? [...packing.lengths] : [];
  return ops.adaptune.split_samples(arg, choice, groups.length, { lengths }) as Tensor[];
}

/** Runs an alternative on the inputs of a group, frees what it made but its result, counts FLOPs. */
export function onRows<T>(rows: Rows, run: () => T) {
  const { numbers, areAll } = rows;
  const alone = () => (areAll ? run() : whilePart(numbers, run));
  return functional.countFlops(() => scope(alone), numbers.length);
}

/**
 * Puts the results [rows, ...] of those that won back in batch order: [B, ...], or packed [R, ...].
 * Takes the results of every alternative where it won and where it is compared. Of several
 * decisions, such as those of all heads, the results are one after the other: [N B, ...].
 */
export function blend(
  decisions: readonly SiteDecision[],
  winners: readonly (Tensor | null)[],
  losers: readonly (Tensor | null)[],
): Tensor {
  const all = winners.filter((winner) => winner !== null);
  if (all.length === 1 && losers.length === 0) return all[0];
  const gates = decisions.map(({ gate }) => gate); // each [B,K]
  const choice = decisions.flatMap((decision) => decision.choice); // [N B]
  const none = all[0].newEmpty([0]);
  const rows = all.reduce((sum, winner) => sum + winner.shape[0], 0);
  const lengths = rows === choice.length ? [] : lengthsOf(rows, choice.length);
  return ops.adaptune.route_blend(
    gates.length === 1 ? gates[0] : cat(gates),
    winners.map((winner) => winner ?? none),
    winners.map((_, k) => losers[k] ?? none),
    choice,
    { lengths, compared: comparedBits(decisions) },
  ) as Tensor;
}

/** How many rows each of so many inputs has in x [..,D], which leads with inputs or is packed. */
export function rowsOfInputs(x: Tensor, inputs: number): number[] {
  const [leading] = x.shape;
  const inside = x.shape.slice(1, -1).reduce((product, size) => product * size, 1);
  return leading === inputs ? Array<number>(inputs).fill(inside) : [...lengthsOf(leading, inputs)];
}

/** How many of so many rows each input has; heads, one after the other, have the same. */
function lengthsOf(rows: number, inputs: number): number[] {
  for (let times = 1; times <= inputs; times++) {
    const packing = rows % times === 0 ? packingOf(rows / times) : null;
    if (packing && packing.lengths.length * times === inputs) {
      return Array.from({ length: times }, () => packing.lengths).flat();
    }
  }
  throw new Error(
    `a routed site gave ${rows} rows for ${inputs} inputs: they are neither one each nor packed`,
  );
}

/** For each input a bit for each alternative that it is compared with; nothing where with all. */
export function comparedBits(decisions: readonly SiteDecision[]): number[] {
  if (decisions.every(isComparedWhole)) return [];
  return decisions.flatMap(({ choice, compared }) => {
    const bits = choice.map(() => 0);
    for (const [k, { numbers }] of compared.entries()) {
      for (const number of numbers) bits[number] |= 1 << k;
    }
    return bits;
  });
}
