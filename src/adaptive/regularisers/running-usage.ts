import { Buffer, Module } from "../../nn";
import type { Tensor } from "../../torch";
import * as torch from "../../torch";
import type { DecisionSpace } from "../decisions";
import { majority } from "../diagnostics/majority";

/**
 * How often each alternative was picked in training, later batches counting more: for budgets of
 * global scope, and for the one mask that all inputs get at inference. Its state is to be saved.
 */
export class RunningUsage extends Module {
  /** [N,K]; zeros before the first batch. */
  readonly usage: Buffer;
  /** [1] */
  readonly batches: Buffer;

  /** Each batch keeps the share `momentum` of what was; the first ones are averaged evenly. */
  constructor(
    { sites, alternatives }: DecisionSpace,
    private readonly momentum = 0.99,
  ) {
    super();
    this.usage = new Buffer(torch.zeros([sites.length, alternatives.length]));
    this.batches = new Buffer(torch.zeros([1], { dtype: "int64" }));
  }

  /**
   * Adds the decisions of a batch: one-hot [B,N,K], once for every optimizer step. `taken`, a scalar, is
   * 0 where the step is not taken after all, which changes nothing, else 1. No number is read.
   */
  add(gate: Tensor, taken: Tensor = this.batches.newOnes([])): void {
    torch.noGrad(() =>
      torch.scope(() => {
        const { dtype, device } = this.usage;
        const isTaken = taken.to("bool");
        this.batches.add_(isTaken);
        const share = this.batches
          .to("float64")
          .reciprocal()
          .clampMin(1 - this.momentum); // [1]
        const mean = gate.detach().mean([0]).to({ dtype, device });
        const usage = this.usage.mul(share.neg().add(1).to(dtype)).add(mean.mul(share.to(dtype)));
        this.usage.copy_(torch.where(isTaken, usage, this.usage));
      }),
    );
  }

  /** Whether a batch was added yet: [1] bool, on the device. */
  get isKnown(): Tensor {
    return this.batches.gt(0);
  }

  /** The alternative that each of N sites picked most: a global policy. */
  mask(): number[] {
    const alternatives = this.usage.shape[1];
    const usage = Array.from(this.usage.to("float64").toTypedArray(), Number);
    const sites = Array.from({ length: usage.length / alternatives }, (_, n) => n);
    return sites.map((n) => majority(usage.slice(n * alternatives, (n + 1) * alternatives)));
  }
}
