import type { Tensor } from "../torch";
import * as torch from "../torch";
import { checkOptions } from "../torch/errors";
import { constant_ } from "./init";
import type { FactoryOptions } from "./linear";
import { Module } from "./module";
import { Parameter } from "./parameter";

export interface PReLUOptions extends FactoryOptions {
  /** How many slopes are learned: one, or one for each channel; 1 by default. */
  readonly numParameters?: number;
  /** The slopes at first; 0.25 by default. */
  readonly init?: number;
}

/** x [B,n,..] where it is positive, else slope x, the slopes [1] or [n] being learned (He et al. 2015, arXiv 1502.01852). */
export class PReLU extends Module {
  weight: Parameter;
  readonly init: number;

  constructor(options: PReLUOptions = {}) {
    const {
      numParameters = 1,
      init = 0.25,
      ...factory
    } = checkOptions(new.target.name, options, ["numParameters", "init", "device", "dtype"]);
    super();
    this.init = init;
    this.weight = new Parameter(torch.empty([numParameters], factory));
    this.resetParameters();
  }

  override forward(x: Tensor): Tensor {
    return torch.prelu(x, this.weight);
  }

  resetParameters(): void {
    constant_(this.weight, this.init);
  }
}
