import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import type { InplaceOptions } from "./activation";
import { Module } from "./module";

/** 1 / (1 + e^-x) */
export class Sigmoid extends Module {
  override forward(x: Tensor): Tensor {
    return x.sigmoid();
  }
}

/** log(1 / (1 + e^-x)) */
export class LogSigmoid extends Module {
  override forward(x: Tensor): Tensor {
    return torch.logSigmoid(x);
  }
}

/** (e^x - e^-x) / (e^x + e^-x) */
export class Tanh extends Module {
  override forward(x: Tensor): Tensor {
    return x.tanh();
  }
}

/** x - tanh(x) */
export class Tanhshrink extends Module {
  override forward(x: Tensor): Tensor {
    return x.sub(x.tanh());
  }
}

/** x / (1 + |x|) */
export class Softsign extends Module {
  override forward(x: Tensor): Tensor {
    return x.div(x.abs().add(1));
  }
}

/** log(1 + e^(beta x)) / beta, and x itself where beta x is above a threshold. */
export class Softplus extends Module {
  constructor(
    readonly beta = 1,
    readonly threshold = 20,
  ) {
    super();
  }

  override forward(x: Tensor): Tensor {
    return torch.softplus(x, this.beta, this.threshold);
  }
}

/** x moved towards 0 by lambda, and 0 between -lambda and lambda. */
export class Softshrink extends Module {
  constructor(readonly lambd = 0.5) {
    super();
  }

  override forward(x: Tensor): Tensor {
    return torch.softshrink(x, this.lambd);
  }
}

/** x, but 0 between -lambda and lambda. */
export class Hardshrink extends Module {
  constructor(readonly lambd = 0.5) {
    super();
  }

  override forward(x: Tensor): Tensor {
    return torch.hardshrink(x, this.lambd);
  }
}

/** (x + 3) / 6 within 0 and 1. */
export class Hardsigmoid extends Module {
  readonly inplace: boolean;

  constructor(options: InplaceOptions = {}) {
    const { inplace = false } = checkOptions(new.target.name, options, ["inplace"]);
    super();
    this.inplace = inplace;
  }

  override forward(x: Tensor): Tensor {
    return this.inplace ? torch.hardsigmoid_(x) : torch.hardsigmoid(x);
  }
}

/** x within two bounds. Throws RangeError where the lower is not below the upper. */
export class Hardtanh extends Module {
  readonly inplace: boolean;

  constructor(
    readonly minVal = -1,
    readonly maxVal = 1,
    options: InplaceOptions = {},
  ) {
    const { inplace = false } = checkOptions(new.target.name, options, ["inplace"]);
    super();
    if (!(minVal < maxVal)) throw new RangeError(`minVal ${minVal} is not below maxVal ${maxVal}`);
    this.inplace = inplace;
  }

  override forward(x: Tensor): Tensor {
    const { inplace, minVal, maxVal } = this;
    return inplace ? torch.hardtanh_(x, minVal, maxVal) : torch.hardtanh(x, minVal, maxVal);
  }
}

/** x where it is above the threshold, else a value. */
export class Threshold extends Module {
  readonly inplace: boolean;

  constructor(
    readonly threshold: number,
    readonly value: number,
    options: InplaceOptions = {},
  ) {
    const { inplace = false } = checkOptions(new.target.name, options, ["inplace"]);
    super();
    this.inplace = inplace;
  }

  override forward(x: Tensor): Tensor {
    const { inplace, threshold, value } = this;
    return inplace ? torch.threshold_(x, threshold, value) : torch.threshold(x, threshold, value);
  }
}
