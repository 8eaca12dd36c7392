import * as torch from "../torch";
import { ones_, zeros_ } from "./init";
import type { FactoryOptions } from "./linear";
import { Module } from "./module";
import { Buffer, Parameter } from "./parameter";

export interface RunningNormOptions extends FactoryOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number;
  /** What a batch weighs in the running statistics; null averages over all batches. 0.1 by default. */
  readonly momentum?: number | null;
  /** Whether there are a weight and a bias. */
  readonly affine?: boolean;
  /** Whether there is a bias beside the weight; true by default. */
  readonly bias?: boolean;
  /** Whether running statistics are kept for evaluation. */
  readonly trackRunningStats?: boolean;
}

/**
 * What batch and instance norms share: weight and bias [n], and the running mean and variance [n],
 * which are buffers of the state dict as in PyTorch.
 */
export abstract class RunningNorm extends Module {
  weight: Parameter | null;
  bias: Parameter | null;
  running_mean: Buffer | null;
  running_var: Buffer | null;
  num_batches_tracked: Buffer | null;

  constructor(
    readonly numFeatures: number,
    readonly eps: number,
    readonly momentum: number | null,
    readonly affine: boolean,
    readonly trackRunningStats: boolean,
    hasBias: boolean,
    factory: FactoryOptions,
  ) {
    super();
    const shape = [numFeatures];
    const { device } = factory;
    this.weight = affine ? new Parameter(torch.ones(shape, factory)) : null;
    this.bias = affine && hasBias ? new Parameter(torch.zeros(shape, factory)) : null;
    this.running_mean = trackRunningStats ? new Buffer(torch.zeros(shape, factory)) : null;
    this.running_var = trackRunningStats ? new Buffer(torch.ones(shape, factory)) : null;
    this.num_batches_tracked = trackRunningStats
      ? new Buffer(torch.zeros([], { dtype: "int64", device }))
      : null;
  }

  /** Forgets the running statistics. */
  resetRunningStats(): void {
    if (this.running_mean) zeros_(this.running_mean);
    if (this.running_var) ones_(this.running_var);
    if (this.num_batches_tracked) zeros_(this.num_batches_tracked);
  }

  resetParameters(): void {
    this.resetRunningStats();
    if (this.weight) ones_(this.weight);
    if (this.bias) zeros_(this.bias);
  }
}

/** Throws where an input has another number of dimensions than one of those a norm takes. */
export function checkDimensions(
  module: Module,
  { shape }: { readonly shape: readonly number[] },
  allowed: readonly number[],
): void {
  if (allowed.includes(shape.length)) return;
  throw new RangeError(
    `${module.constructor.name} takes inputs of ${allowed.join(" or ")} dimensions, ` +
      `given [${shape.join(", ")}]`,
  );
}
