import type { Tensor } from "../torch";
import { gelu, linear } from "./functional";
import { Linear } from "./linear";
import { Module } from "./module";

/** x Phi(x), exact by the error function. */
export class GELU extends Module {
  override forward(x: Tensor): Tensor {
    return gelu(x);
  }

  /** gelu(layer(x)), in one operation where the layer is a plain linear one. */
  after(layer: Module, x: Tensor): Tensor {
    if (layer.constructor !== Linear) return this.forward(layer.forward(x) as Tensor);
    const { weight, bias } = layer as Linear;
    return linear(x, weight, bias, { gelu: true });
  }
}

export class ReLU extends Module {
  override forward(x: Tensor): Tensor {
    return x.relu();
  }
}

export class Tanh extends Module {
  override forward(x: Tensor): Tensor {
    return x.tanh();
  }
}

/** Gives back its first argument, whatever else it takes. */
export class Identity extends Module {
  override forward(x: Tensor, ..._others: unknown[]): Tensor {
    return x;
  }
}
