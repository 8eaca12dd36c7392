import { Module, type Registered } from "../nn";
import { ops, Tensor } from "../torch";
import type { Alternative } from "./alternative";
import type { Rows } from "./decisions";
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
 * Picks the rows of a group out of all arguments. Tensors whose leading dimension is the batch
 * follow their rows; those whose leading dimension is 1 go to all rows. A group that is asked for
 * twice, and a tensor that is there twice, cost once.
 */
export function rowSelector<A extends readonly unknown[]>(
  args: A,
  batch: number,
): (rows: Rows) => A {
  const selected = new Map<Rows, A>();
  return (rows) => {
    const { index } = rows;
    if (index === null) return args;
    if (!selected.has(rows)) {
      const made = new Map<unknown, unknown>();
      for (const arg of args) if (!made.has(arg)) made.set(arg, selectRows(arg, index, batch));
      selected.set(rows, args.map((arg) => made.get(arg)) as unknown as A);
    }
    return selected.get(rows)!;
  };
}

function selectRows(arg: unknown, index: Tensor, batch: number): unknown {
  if (!(arg instanceof Tensor) || arg.ndim === 0) return arg;
  if (arg.shape[0] === batch) return arg.indexSelect(0, index);
  if (arg.shape[0] === 1) return arg;
  throw new Error(
    `a routed site got a tensor [${arg.shape}] at batch ${batch}: its leading dimension has to be the batch or 1`,
  );
}

/**
 * Puts the results [rows, ...] of those that won back in batch order: [B, ...]. Takes the gate
 * [B,K], the choice [B], and the results of every alternative where it won and where it lost;
 * `partly` has the rows of the losers where not all of them are there.
 */
export function blend(
  gate: Tensor,
  choice: Tensor,
  winners: readonly (Tensor | null)[],
  losers: readonly (Tensor | null)[],
  partly: readonly Pick<Rows, "index">[] | null = null,
): Tensor {
  const all = winners.filter((winner) => winner !== null);
  const none = all[0].newEmpty([0]);
  const route = (compared: readonly (Tensor | null)[]) =>
    all.length === 1 && compared.length === 0
      ? all[0]
      : (ops.adaptune.route_blend(
          gate,
          choice,
          winners.map((winner) => winner ?? none),
          winners.map((_, k) => compared[k] ?? none),
        ) as Tensor);
  return partly === null ? route(losers) : withSlopes(route([]), gate, losers, partly);
}

/**
 * y + (g_k - g_k) (y_k - y) for the rows where alternative k lost and its y_k is there: y itself,
 * and for the gate the gradient <dL/dy, y_k - y> that the blend of all rows gives.
 */
function withSlopes(
  y: Tensor,
  gate: Tensor,
  losers: readonly (Tensor | null)[],
  partly: readonly Pick<Rows, "index">[],
): Tensor {
  const values = y.detach();
  return losers.reduce<Tensor>((sum, loser, k) => {
    if (loser === null) return sum;
    const { index } = partly[k];
    const some = (tensor: Tensor) => (index === null ? tensor : tensor.indexSelect(0, index));
    const picked = some(gate.select(1, k)).to(y.dtype); // [rows]
    const nothing = picked.sub(picked.detach()).view([-1, ...y.shape.slice(1).map(() => 1)]);
    const slope = loser.sub(some(values)).mul(nothing); // [rows, ...]
    return index === null ? sum.add(slope) : sum.indexAdd(0, index, slope);
  }, y);
}
