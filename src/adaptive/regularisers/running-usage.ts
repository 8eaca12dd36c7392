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

  /** Adds the decisions of a batch: one-hot [B,N,K], once for every optimizer step. */
  add(gate: Tensor): void {
    torch.noGrad(() =>
      torch.scope(() => {
        this.batches.add_(1);
        const kept = Math.min(this.momentum, 1 - 1 / Number(this.batches.item()));
        const { dtype, device } = this.usage;
        const mean = gate.detach().mean([0]).to(dtype).to(device);
        this.usage.mul_(kept).add_(mean.mul(1 - kept));
      }),
    );
  }

  /** The alternative that each of N sites picked most: a global policy. */
  mask(): number[] {
    const alternatives = this.usage.shape[1];
    const usage = Array.from(this.usage.to("float64").toTypedArray(), Number);
    const sites = Array.from({ length: usage.length / alternatives }, (_, n) => n);
    return sites.map((n) => majority(usage.slice(n * alternatives, (n + 1) * alternatives)));
  }
}
