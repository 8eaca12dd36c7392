import { BertIntermediate } from "../models";
import { branchPoint, isHooked, Linear, type Module } from "../nn";
import { isAutocastEnabled, noGrad, ops, type Tensor } from "../torch";
import { comparedBits, rowsOfInputs } from "./routed-module";
import { RoutedSite } from "./routed-site";

/** An alternative in which nothing stands between the product and gelu. */
type PlainIntermediate = BertIntermediate & { readonly dense: { readonly bias: Tensor } };

/**
 * The first half of a feed-forward segment, which all alternatives run at once, each row with the
 * weight that was picked for it, and no row is moved.
 *
 * What alternatives would have given is four times as wide as all else in a block. It is computed
 * in the backward, where the decision's gradient needs it, so that none of it is kept.
 */
export class RoutedIntermediate extends RoutedSite {
  /** x [..,D] -> [..,I] */
  override forward(...args: unknown[]): unknown {
    const [x] = args as [Tensor];
    const isCast = isAutocastEnabled(x.isCuda ? "cuda" : "cpu");
    if (isCast || !this.modules.every((module) => isPlain(module, x))) {
      return super.forward(...args);
    }
    branchPoint(); // alternatives draw nothing, but what comes after them is to draw as it always does
    const decision = this.routing.at(this.position);
    const { gate, choice, picked, compared } = decision;
    const layers = (this.modules as readonly PlainIntermediate[]).map(({ dense }) => dense);
    const lengths = rowsOfInputs(x, choice.length);
    const y = ops.adaptune.select_gelu(
      x.reshape([-1, x.size(-1)]),
      layers.map(({ weight }) => weight),
      layers.map(({ bias }) => bias),
      gate,
      choice,
      lengths,
      { compared: comparedBits([decision]) },
    ) as Tensor;

    const flops = lengths.map((rows) => 2 * rows * layers[0].weight.numel());
    this.routing.recordAll(this.position, picked, flops);
    if (gate.requiresGrad) {
      noGrad(() => this.routing.recordAll(this.position, compared, flops));
    }
    return y.view([...x.shape.slice(0, -1), -1]);
  }
}

function isPlain(module: Module, { dtype }: Tensor): module is PlainIntermediate {
  if (!(module instanceof BertIntermediate)) return false;
  const { dense, activation } = module;
  return (
    dense.constructor === Linear &&
    dense.bias !== null &&
    dense.weight.dtype === dtype &&
    activation.approximate === "none" &&
    ![module, dense, activation].some(isHooked)
  );
}
