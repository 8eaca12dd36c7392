import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import { gelu, linear } from "./functional";
import { isHooked } from "./hooks";
import { Linear } from "./linear";
import { Module } from "./module";

/** Options of activations that can overwrite their input. */
export interface InplaceOptions {
  /** Whether the result overwrites the input; false by default. */
  readonly inplace?: boolean;
}

/** Options of `GELU`. */
export interface GELUOptions {
  /** "none", exact by the error function, by default; or "tanh" (Hendrycks and Gimpel 2016). */
  readonly approximate?: "none" | "tanh";
}

/** x Phi(x), Phi being the normal distribution's cumulative function. */
export class GELU extends Module {
  readonly approximate: "none" | "tanh";

  constructor(options: GELUOptions = {}) {
    const { approximate = "none" } = checkOptions(new.target.name, options, ["approximate"]);
    super();
    this.approximate = approximate;
  }

  override forward(x: Tensor): Tensor {
    return this.approximate === "none" ? gelu(x) : torch.gelu(x, { approximate: "tanh" });
  }

  /** gelu(layer(x)), in one operation where the layer is a plain linear one. */
  after(layer: Module, x: Tensor): Tensor {
    const isPlain = layer.constructor === Linear && !isHooked(layer) && !isHooked(this);
    if (!isPlain || this.approximate !== "none") return this.forward(layer.forward(x) as Tensor);
    const { weight, bias } = layer as Linear;
    return linear(x, weight, bias, { gelu: true });
  }
}

/** max(0, x) */
export class ReLU extends Module {
  readonly inplace: boolean;

  constructor(options: InplaceOptions = {}) {
    const { inplace = false } = checkOptions(new.target.name, options, ["inplace"]);
    super();
    this.inplace = inplace;
  }

  override forward(x: Tensor): Tensor {
    return this.inplace ? x.relu_() : x.relu();
  }
}

/** min(max(0, x), 6) */
export class ReLU6 extends Module {
  readonly inplace: boolean;

  constructor(options: InplaceOptions = {}) {
    const { inplace = false } = checkOptions(new.target.name, options, ["inplace"]);
    super();
    this.inplace = inplace;
  }

  override forward(x: Tensor): Tensor {
    return this.inplace ? torch.hardtanh_(x, 0, 6) : torch.hardtanh(x, 0, 6);
  }
}

/** x where it is positive, else negativeSlope x. */
export class LeakyReLU extends Module {
  readonly inplace: boolean;

  constructor(
    readonly negativeSlope = 0.01,
    options: InplaceOptions = {},
  ) {
    const { inplace = false } = checkOptions(new.target.name, options, ["inplace"]);
    super();
    this.inplace = inplace;
  }

  override forward(x: Tensor): Tensor {
    const { inplace, negativeSlope } = this;
    return inplace ? torch.leakyRelu_(x, negativeSlope) : torch.leakyRelu(x, negativeSlope);
  }
}

/** x where it is positive, else alpha (e^x - 1) (Clevert et al. 2015, arXiv 1511.07289). */
export class ELU extends Module {
  readonly inplace: boolean;

  constructor(
    readonly alpha = 1,
    options: InplaceOptions = {},
  ) {
    const { inplace = false } = checkOptions(new.target.name, options, ["inplace"]);
    super();
    this.inplace = inplace;
  }

  override forward(x: Tensor): Tensor {
    return this.inplace ? torch.elu_(x, this.alpha) : torch.elu(x, this.alpha);
  }
}

/** x where it is positive, else alpha (e^(x / alpha) - 1) (Barron 2017, arXiv 1704.07483). */
export class CELU extends Module {
  readonly inplace: boolean;

  constructor(
    readonly alpha = 1,
    options: InplaceOptions = {},
  ) {
    const { inplace = false } = checkOptions(new.target.name, options, ["inplace"]);
    super();
    this.inplace = inplace;
  }

  override forward(x: Tensor): Tensor {
    return this.inplace ? torch.celu_(x, this.alpha) : torch.celu(x, this.alpha);
  }
}

/** The ELU that keeps mean 0 and variance 1 (Klambauer et al. 2017, arXiv 1706.02515). */
export class SELU extends Module {
  readonly inplace: boolean;

  constructor(options: InplaceOptions = {}) {
    const { inplace = false } = checkOptions(new.target.name, options, ["inplace"]);
    super();
    this.inplace = inplace;
  }

  override forward(x: Tensor): Tensor {
    return this.inplace ? torch.selu_(x) : torch.selu(x);
  }
}

/** x sigmoid(x) (Hendrycks and Gimpel 2016, arXiv 1606.08415). */
export class SiLU extends Module {
  readonly inplace: boolean;

  constructor(options: InplaceOptions = {}) {
    const { inplace = false } = checkOptions(new.target.name, options, ["inplace"]);
    super();
    this.inplace = inplace;
  }

  override forward(x: Tensor): Tensor {
    return this.inplace ? torch.silu_(x) : torch.silu(x);
  }
}

/** x tanh(softplus(x)) (Misra 2019, arXiv 1908.08681). */
export class Mish extends Module {
  readonly inplace: boolean;

  constructor(options: InplaceOptions = {}) {
    const { inplace = false } = checkOptions(new.target.name, options, ["inplace"]);
    super();
    this.inplace = inplace;
  }

  override forward(x: Tensor): Tensor {
    return this.inplace ? torch.mish_(x) : torch.mish(x);
  }
}

/** x hardsigmoid(x) (Howard et al. 2019, arXiv 1905.02244). */
export class Hardswish extends Module {
  readonly inplace: boolean;

  constructor(options: InplaceOptions = {}) {
    const { inplace = false } = checkOptions(new.target.name, options, ["inplace"]);
    super();
    this.inplace = inplace;
  }

  override forward(x: Tensor): Tensor {
    return this.inplace ? torch.hardswish_(x) : torch.hardswish(x);
  }
}

/** Gives back its first argument, whatever else it takes. */
export class Identity extends Module {
  override forward(x: Tensor, ..._others: unknown[]): Tensor {
    return x;
  }
}
