import { Module, Parameter } from "../../nn";
import type { Tensor } from "../../torch";
import { checkOptions } from "../../torch/errors";
import type { DecisionSpace } from "../decisions";
import { batchOf, type Inputs, type Policy } from "./policy";
import { initialLogits, type Start } from "./start";

/** Where one learned mask for all inputs starts. */
export interface ConstantPolicyOptions {
  readonly kind: "constant";
  /** The probability with which every site starts at an alternative; undecided by default. */
  readonly initially?: Start;
}

/** Learns one mask for all inputs: what a policy that looks at them has to beat. */
export class ConstantPolicy extends Module implements Policy {
  /** [N,K] */
  readonly logits: Parameter;

  constructor(space: DecisionSpace, options: Partial<ConstantPolicyOptions> = {}) {
    const { initially } = checkOptions(new.target.name, options, ["kind", "initially"]);
    super();
    this.logits = new Parameter(initialLogits(space, initially));
  }

  override forward(inputs: Inputs): Tensor {
    return this.logits.unsqueeze(0).expand([batchOf(inputs).batch, -1, -1]);
  }
}
