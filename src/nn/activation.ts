import type { Tensor } from "../torch";
import { gelu } from "./functional";
import { Module } from "./module";

/** x Phi(x), exact by the error function. */
export class GELU extends Module {
  override forward(x: Tensor): Tensor {
    return gelu(x);
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
