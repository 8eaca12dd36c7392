import type { Tensor } from "../torch";
import * as torch from "../torch";

/** A temperature, or a schedule: the temperature at a training step. */
export type Temperature = number | ((step: number) => number);

export interface GateOptions {
  /** Larger is smoother: it scales the gradient, never the decision. */
  readonly temperature?: Temperature;
}

export interface GateDraw {
  /** Whether to sample (training) or to take the most probable alternative (evaluation). */
  readonly sample: boolean;
  /** Noise E ~ Exp(1) [B,N,K] to use instead of drawing it. */
  readonly exponential?: Tensor;
}

/**
 * Turns policy logits into hard decisions with a straight-through gradient.
 *
 * In training decisions are drawn by the Gumbel-max trick and the gradient is that of the softmax
 * at the same noise (Gumbel-Softmax, Jang et al. 2017, arXiv 1611.01144, section 2.2).
 */
export class Gate {
  /** The training step that the temperature schedule reads; the training loop sets it. */
  step = 0;
  private readonly schedule: (step: number) => number;

  constructor({ temperature = 1 }: GateOptions = {}) {
    this.schedule = typeof temperature === "number" ? () => temperature : temperature;
  }

  /** The temperature at the current step; throws when the schedule gives none above zero. */
  get temperature(): number {
    const temperature = this.schedule(this.step);
    if (!(temperature > 0 && Number.isFinite(temperature))) {
      throw new RangeError(
        `gate temperature at step ${this.step} is ${temperature}; it has to be finite and above 0`,
      );
    }
    return temperature;
  }

  /** Logits [B,N,K] -> gate [B,N,K], one-hot with gradient, and choice [B,N] int64. */
  decide(logits: Tensor, { sample, exponential }: GateDraw): { gate: Tensor; choice: Tensor } {
    const [gate, choice] = torch.ops.adaptune.gumbel_gate(logits, this.temperature, {
      sample,
      exponential,
    }) as [Tensor, Tensor];
    return { gate, choice };
  }
}
