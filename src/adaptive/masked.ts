import { type AttentionMask, branchPoint, type Module } from "../nn";
import { stack, Tensor } from "../torch";
import type { Rows } from "./decisions";
import { headsOf } from "./heads";
import { RoutedHeads } from "./routed-heads";
import { onRows } from "./routed-module";
import { RoutedSite } from "./routed-site";

/**
 * A site that computes as equations are written: every alternative runs on the whole batch with its
 * graph, and the straight-through gate mixes what they give, y = sum over k of gate[:,k] y_k.
 *
 * Values and gradients are those of `RoutedSite`, up to rounding; time and memory are not.
 */
export class MaskedSite extends RoutedSite {
  /** Takes what the site's module takes, tensors leading with the batch; nothing is packed. */
  override forward(...args: unknown[]): unknown {
    const { gate } = this.routing.onDevice(this.position); // [B,K]
    const rows = everyRow(gate.shape[0]);
    const alike = branchPoint();
    const results = this.modules.map((module, k) => {
      const { result, bySample } = onRows(rows, () => alike(() => module.forward(...args)));
      this.routing.record(this.position, k, rows, bySample);
      return result;
    });
    return mapTogether(results, (tensors) => mix(tensors, gate));
  }
}

/** An attention whose heads are all computed as every alternative and mixed: see `MaskedSite`. */
export class MaskedHeads extends RoutedHeads {
  /** Takes what the attention takes, gives its heads' contexts [B,S,D]; nothing is packed. */
  override forward(x: Tensor, mask: AttentionMask = null, context: Tensor = x): Tensor {
    const gates = this.positions.map((position) => this.routing.onDevice(position).gate);
    const gate = stack(gates, 1); // [B,H,K]
    const rows = everyRow(gate.shape[0]);
    const alike = branchPoint();
    const contexts = this.modules.map((module, k) =>
      alike(() => this.everyHead(k, module, rows, [x, mask, context])),
    );
    return mix(contexts, gate).transpose(1, 2).flatten(2); // [B,H,S,d] -> [B,S,D]
  }

  /** The contexts of an alternative: [B,H,S,d]. */
  private everyHead(
    k: number,
    module: Module,
    rows: Rows,
    args: readonly [x: Tensor, mask: AttentionMask, context: Tensor],
  ): Tensor {
    const [run] = headsOf(module, [[...this.positions.keys()]]);
    const { result, bySample } = onRows(rows, () => run(...args));
    const byHead = bySample.map((flops) => flops / this.positions.length);
    for (const position of this.positions) this.routing.record(position, k, rows, byHead);
    return result;
  }
}

export function everyRow(batch: number): Rows {
  return { numbers: [...Array(batch).keys()], areAll: true };
}

/** Makes one of tensors, and of what lists and records hold at the same place. */
export function mapTogether(
  results: readonly unknown[],
  map: (tensors: readonly Tensor[]) => Tensor,
): unknown {
  const [first] = results;
  if (first instanceof Tensor) return map(results as readonly Tensor[]);
  if (typeof first !== "object" || first === null) {
    throw new Error(`a masked site gave ${typeof first} where it has to give tensors`);
  }
  const at = (key: string) =>
    mapTogether(
      results.map((result) => (result as Record<string, unknown>)[key]),
      map,
    );
  return Array.isArray(first)
    ? first.map((_, number) => at(String(number)))
    : Object.fromEntries(Object.keys(first).map((key) => [key, at(key)]));
}

/** Results [B,..] of K alternatives by the weights of a gate [B,K]; of heads [B,H,..] by [B,H,K]. */
function mix(results: readonly Tensor[], gate: Tensor): Tensor {
  const weighted = results.map((y, k) => {
    const weight = gate.select(-1, k).to(y.dtype);
    return y.mul(weight.view([...weight.shape, ...Array<number>(y.ndim - weight.ndim).fill(1)]));
  });
  return weighted.reduce((sum, y) => sum.add(y));
}
