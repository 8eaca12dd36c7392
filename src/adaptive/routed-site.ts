import { functional, Module, type Registered } from "../nn";
import { noGrad, ops, Tensor } from "../torch";
import type { Alternative } from "./alternative";
import type { Rows, SiteDecision } from "./decisions";
import type { Routing } from "./routing";

/**
 * A site that runs, for each row of a batch, the alternative that was picked for it.
 *
 *               +-- rows that picked 0 --> alternative 0 --+
 *     x [B,..] -+-- rows that picked 1 --> alternative 1 --+-> y [B,..] in batch order
 *               +-- rows that picked 2 --> alternative 2 --+
 *
 * Where the gate learns, each alternative also runs on the rows that did not pick it, without a
 * graph: y = sum over k of g_k y_k with a one-hot gate g, so dL/dg_k = <dL/dy, y_k> needs a loser's
 * value, while its weights and input receive g_k = 0 times their gradient.
 */
export class RoutedSite extends Module {
  private readonly modules: readonly Module[];

  /** Makes the alternatives of a site, which is number `position` of the routing. */
  constructor(
    site: Module,
    private readonly position: number,
    private readonly alternatives: readonly Alternative[],
    private readonly routing: Routing,
  ) {
    super();
    this.modules = alternatives.map((alternative) => alternative.build(site));
  }

  /**
   * Takes what the site's module takes, gives its result [B, ...]. Tensors whose leading dimension
   * is B follow their rows; those whose leading dimension is 1 go to all rows.
   */
  override forward(...args: unknown[]): Tensor {
    const decision = this.routing.at(this.position);
    const argsOf = rowSelector(args, decision.choice.shape[0]);
    const run = (rows: Rows, k: number) =>
      rows.numbers.length === 0 ? null : this.run(k, rows, argsOf(rows));

    const winners = decision.picked.map(run);
    if (!decision.gate.requiresGrad) return blend(decision, winners, []);
    const losers = noGrad(() => decision.others.map(run));
    return blend(decision, winners, losers);
  }

  /** The weights of one alternative are the site's own by name, the others' below theirs. */
  override registered(): Registered[] {
    return this.alternatives.flatMap(({ name, keepsNames }, k): Registered[] =>
      keepsNames ? this.modules[k].registered() : [[name, this.modules[k]]],
    );
  }

  /** Alternatives in which nothing trains stay in evaluation mode. */
  override train(mode = true): this {
    this.training = mode;
    for (const module of this.modules) {
      module.train(mode && module.parameters().some(({ requiresGrad }) => requiresGrad));
    }
    return this;
  }

  private run(k: number, rows: Rows, args: unknown[]): Tensor {
    const { result, flops } = functional.countFlops(() => this.modules[k].forward(...args));
    this.routing.record(this.position, k, rows, flops);
    return result as Tensor;
  }
}

/** Picks the rows of a group out of all arguments; groups that are asked for twice cost once. */
function rowSelector(args: unknown[], batch: number): (rows: Rows) => unknown[] {
  const selected = new Map<Rows, unknown[]>();
  return (rows) => {
    const { index } = rows;
    if (index === null) return args;
    if (!selected.has(rows))
      selected.set(
        rows,
        args.map((arg) => selectRows(arg, index, batch)),
      );
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

/** Puts the groups' results [rows, ...] back in batch order: [B, ...]. */
function blend(
  { gate, choice }: SiteDecision,
  winners: readonly (Tensor | null)[],
  losers: readonly (Tensor | null)[],
): Tensor {
  const all = winners.filter((winner) => winner !== null);
  if (all.length === 1 && losers.length === 0) return all[0];
  const none = all[0].newEmpty([0]);
  return ops.adaptune.route_blend(
    gate,
    choice,
    winners.map((winner) => winner ?? none),
    winners.map((_, k) => losers[k] ?? none),
  ) as Tensor;
}
