import * as torch from "../../torch";
import { Tensor } from "../../torch";

/** What an estimator is asked for. */
export interface Ask {
  /** A number, or a scalar on the logits' device where a recording is to read it at every step. */
  readonly temperature: number | Tensor;
  /** Noise E ~ Exp(1) [B,N,K] to decide by; drawn where there is none. */
  readonly exponential?: Tensor;
}

/** Decisions that were drawn, and how their gradient reaches the logits. */
export interface Drawn {
  /** One-hot [B,N,K]. Its gradient, where it has one, is the estimator's. */
  readonly gate: Tensor;
  /** [B,N] int64. */
  readonly choice: Tensor;
  /** What decisions were drawn from [B,N,K], where that is not the softmax of the logits. */
  readonly probabilities?: Tensor;
  /**
   * The smooth stand-in [B,N,K] whose derivative the estimator takes: where it is all but one-hot,
   * so that a decision hardly moves, counterfactuals may be spared.
   */
  readonly relaxed?: () => Tensor;
}

/** Draws decisions by logits [B,N,K] in training, for a gradient of one kind or another. */
export type Estimator = (logits: Tensor, ask: Ask) => Drawn;

/**
 * The gradient of the softmax at the noise of the draw (Gumbel-Softmax, Jang et al. 2017, arXiv
 * 1611.01144, section 2.2). Biased; higher temperatures trade variance for more bias.
 */
export const straightThrough: Estimator = (logits, { temperature, exponential }) => {
  const [gate, choice] =
    temperature instanceof Tensor
      ? scored(logits, temperature, exponential ?? exponentialLike(logits, logits.shape))
      : (torch.ops.adaptune.gumbel_gate(logits, temperature, {
          sample: true,
          exponential,
        }) as [Tensor, Tensor]);
  const relaxed = () => {
    if (!exponential) throw new Error("the noise of this draw was not kept");
    return tempered(logits.detach().sub(exponential.log()), temperature).softmax(-1);
  };
  return { gate, choice, relaxed };
};

/** The same of scores (logits - log E) / temperature, which the operator takes as a number alone. */
function scored(logits: Tensor, temperature: Tensor, exponential: Tensor): [Tensor, Tensor] {
  const noise = exponential.clampMin(SMALLEST).log().to(logits.dtype);
  const scores = tempered(logits.sub(noise), temperature);
  return torch.ops.adaptune.gumbel_gate(scores, 1, { sample: false }) as [Tensor, Tensor];
}

/** A draw of every decision without gradient: choice [B,N] int64 and one-hot [B,N,K]. */
export function draw(logits: Tensor, exponential?: Tensor): { choice: Tensor; hard: Tensor } {
  const [hard, choice] = torch.ops.adaptune.gumbel_gate(logits.detach(), 1, {
    sample: true,
    exponential,
  }) as [Tensor, Tensor];
  return { choice, hard };
}

/** Noise E ~ Exp(1) for logits, in float32 at least and never 0, which would score infinity. */
export function exponentialLike(logits: Tensor, shape: readonly number[]): Tensor {
  const dtype = logits.dtype === "float64" ? "float64" : "float32";
  const noise = torch.empty([...shape], { dtype, device: logits.device });
  return torch.noGrad(() => noise.exponential_().clampMin(SMALLEST));
}

/** Scores over a temperature. */
export function tempered(scores: Tensor, temperature: Ask["temperature"]): Tensor {
  return typeof temperature === "number" ? scores.div(temperature) : scores.div(temperature);
}

/** The value of `hard` with the gradient of `smooth`. */
export function withGradientOf(hard: Tensor, smooth: Tensor): Tensor {
  return hard.add(smooth.sub(smooth.detach()));
}

/** About the smallest normal number of float32. */
const SMALLEST = 1e-37;
