import type { Tensor } from "../torch";
import { dropout } from "./functional";
import { checkProbability } from "./functions/dropout";
import { Module } from "./module";

/**
 * In training, zeroes elements with probability p and scales the others by 1 / (1 - p).
 *
 * Throws RangeError for a p outside of 0 and 1.
 */
export class Dropout extends Module {
  constructor(readonly p = 0.5) {
    super();
    checkProbability(p);
  }

  override forward(x: Tensor): Tensor {
    return dropout(x, this.p, this.training);
  }
}
