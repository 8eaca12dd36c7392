import { Buffer, Module } from "../../nn";
import * as torch from "../../torch";
import { Tensor } from "../../torch";
import { checkOptions } from "../../torch/errors";
import type { DecisionSpace } from "../decisions";
import { RandomNumbers } from "../random";
import { batchOf, type Inputs, type Policy } from "./policy";
import { initialLogits, type Start } from "./start";

export interface RandomPolicyOptions {
  readonly kind: "random";
  /** The probability of an alternative at every site; all are even by default. */
  readonly initially?: Start;
  /** 0 by default. */
  readonly seed?: number;
}

/**
 * Decides by chance with given probabilities and learns nothing.
 *
 * Training draws anew each time, from a sequence of its own whose position is part of the state. In
 * evaluation an input's decisions depend on the seed and what the input holds: the same whatever
 * shares its batch, padding included.
 */
export class RandomPolicy extends Module implements Policy {
  /** Batches drawn in training: [1] int64. */
  readonly drawn = new Buffer(torch.zeros([1], { dtype: "int64" }));
  private readonly seed: number;
  private readonly logits: Buffer;

  constructor(
    private readonly space: DecisionSpace,
    options: Partial<RandomPolicyOptions> = {},
  ) {
    const { initially, seed = 0 } = checkOptions(new.target.name, options, [
      "kind",
      "initially",
      "seed",
    ]);
    super();
    this.seed = seed;
    this.logits = new Buffer(initialLogits(space, initially));
  }

  override forward(inputs: Inputs): Tensor {
    return this.logits.unsqueeze(0).expand([batchOf(inputs).batch, -1, -1]);
  }

  /** Exp(1) [B,N,K]. */
  noise(inputs: Inputs): Tensor {
    const { batch, device } = batchOf(inputs);
    const { sites, alternatives } = this.space;
    const count = sites.length * alternatives.length;
    const values = new Float32Array(batch * count);
    const keys = this.training ? this.nextKeys(batch) : contentKeys(inputs, batch);
    for (const [row, key] of keys.entries()) {
      const random = new RandomNumbers(this.seed, key);
      for (let i = 0; i < count; i++) values[row * count + i] = -Math.log(1 - random.next());
    }
    return torch
      .tensor(values, { shape: [batch, sites.length, alternatives.length], device })
      .to(this.logits.dtype);
  }

  private nextKeys(batch: number): number[] {
    const number = Number(this.drawn.item());
    torch.noGrad(() => this.drawn.fill_(number + 1));
    const random = new RandomNumbers(this.seed, number);
    return Array.from({ length: batch }, () => random.integer());
  }
}

/** A key for what each row holds, zeros aside, as padding is zeros (FNV-1a over the bits). */
function contentKeys(inputs: Inputs, batch: number): number[] {
  const keys = Array<number>(batch).fill(0x811c9dc5);
  for (const name of Object.keys(inputs).sort()) {
    const input = inputs[name];
    if (!(input instanceof Tensor)) continue;
    const values = input.to("float32").toTypedArray() as Float32Array;
    const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
    const length = bits.length / batch;
    for (let row = 0; row < batch; row++) {
      let key = keys[row];
      for (let i = row * length; i < (row + 1) * length; i++) {
        if (values[i] !== 0) key = Math.imul(key ^ bits[i], 0x01000193);
      }
      keys[row] = key >>> 0;
    }
  }
  return keys;
}
