import type { Tensor } from "../../torch";
import { Buffer } from "../parameter";

/** What becomes of the losses of elements or samples. */
export type LossReduction = "none" | "mean" | "sum";

/** Options that all losses have. */
export interface LossOptions {
  /** "mean" by default. */
  readonly reduction?: LossReduction;
}

/** A weight as a module keeps it: a buffer of its state, as in PyTorch. */
export function weightBuffer(weight: Tensor | null): Buffer | null {
  return weight === null || weight instanceof Buffer ? weight : new Buffer(weight);
}

/** Reduces the losses of elements. */
export function reduced(losses: Tensor, reduction: LossReduction): Tensor {
  if (reduction === "none") return losses;
  return reduction === "mean" ? losses.mean() : losses.sum();
}
