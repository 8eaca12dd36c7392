import { type Dropout, functional, type LayerNorm, type Linear, Module } from "../nn";
import * as torch from "../torch";
import { noGrad, ops, type Tensor } from "../torch";
import type { SampleGroups } from "./sample-groups";

/** The groups of the forward under way. */
export interface CurrentGroups {
  current: SampleGroups | null;
}

/** Linear layers of the same size, each for the rows of its group; the last layer's come first. */
export class GroupedLinear extends Module {
  private readonly linears: readonly Linear[];

  constructor(
    linears: readonly Linear[],
    private readonly groups: CurrentGroups,
  ) {
    super();
    this.linears = [...linears].reverse();
  }

  /** x [..,n] -> [..,m] */
  override forward(x: Tensor): Tensor {
    const [{ inFeatures, outFeatures, bias }] = this.linears;
    const rows = x.reshape([-1, inFeatures]);
    functional.count(2 * x.numel() * outFeatures, x.shape[0]);
    const weights = this.linears.map(({ weight }) => weight);
    putTogether(weights);
    const y = ops.adaptune.grouped_linear(
      rows,
      weights,
      bias ? this.linears.map((linear) => linear.bias!) : [],
      this.groups.current!.endsOf(rows.shape[0]),
    ) as Tensor;
    return y.view([...x.shape.slice(0, -1), outFeatures]);
  }
}

/** Norms of the last dimension, each for the rows of its group; the last norm's come first. */
export class GroupedLayerNorm extends Module {
  private readonly norms: readonly LayerNorm[];

  constructor(
    norms: readonly LayerNorm[],
    private readonly groups: CurrentGroups,
  ) {
    super();
    this.norms = [...norms].reverse();
  }

  /** [..,D] -> [..,D] */
  override forward(x: Tensor): Tensor {
    const nothing = x.newZeros([]).expand(x.shape);
    return functional.addLayerNorm(x, nothing, this.weights, this.biases, this.optionsFor(x));
  }

  /** The norm of residual + dropout(x): see `LayerNorm`. */
  ofSum(x: Tensor, residual: Tensor, { p, training }: Dropout): Tensor {
    const options = { p, training, ...this.optionsFor(x) };
    return functional.dropoutAddLayerNorm(x, residual, this.weights, this.biases, options);
  }

  private get weights(): Tensor[] {
    return this.norms.map(({ weight }) => weight!);
  }

  private get biases(): Tensor[] | null {
    return this.norms[0].bias ? this.norms.map(({ bias }) => bias!) : null;
  }

  private optionsFor(x: Tensor) {
    const rowChoice = this.groups.current!.groupsOf(x.numel() / x.size(-1));
    return { eps: this.norms[0].eps, rowChoice };
  }
}

/**
 * Moves weights into one memory, one after the other, unless they are there: the product of all of
 * them then needs no copy. A frozen weight leaves the memory that it shared.
 */
function putTogether(weights: readonly Tensor[]): void {
  const isShared = new Set(weights).size < weights.length;
  if (isShared || ops.adaptune._are_adjacent(weights)) return;
  noGrad(() =>
    torch.scope(() => {
      const all = torch.stack(weights.map((weight) => weight.detach()));
      for (const [n, weight] of weights.entries()) {
        torch.ops.aten.set_data(weight, all.select(0, n));
      }
    }),
  );
}
