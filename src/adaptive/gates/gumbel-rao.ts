import type { Tensor } from "../../torch";
import * as torch from "../../torch";
import { checkOptions } from "../../torch/errors";
import { draw, type Estimator, exponentialLike, tempered, withGradientOf } from "./estimator";

export interface GumbelRaoOptions {
  /** Draws of the noise, given the decision, that the gradient is a mean of; 10 by default. */
  readonly samples?: number;
}

/**
 * The straight-through gradient averaged over the noise that leads to the same decision (Paulus,
 * Maddison and Krause 2021, arXiv 2010.04838): same expectation, never more variance.
 */
export function gumbelRao(options: GumbelRaoOptions = {}): Estimator {
  const { samples = 10 } = checkOptions("gumbelRao", options, ["samples"]);
  if (!(Number.isInteger(samples) && samples >= 1)) {
    throw new RangeError(`Gumbel-Rao averages over 1 draw or more, not ${samples}`);
  }
  return (logits, { temperature, exponential }) => {
    const { choice, hard } = draw(logits, exponential);
    const noise = torch.noGrad(() => noiseGiven(logits, choice, samples)); // [S,B,N,K]
    const smooth = tempered(logits.add(noise), temperature).softmax(-1).mean([0]);
    return { gate: withGradientOf(hard, smooth), choice, relaxed: () => smooth.detach() };
  };
}

/**
 * Gumbel noise [S,B,N,K] under which the choice [B,N] is the best (ibid., appendix), up to
 * a constant for each decision, which no softmax sees. With log-probabilities l and E ~ Exp(1), the
 * chosen logit becomes -log E_i, each other one -log(E_j / exp(l_j) + E_i).
 */
function noiseGiven(logits: Tensor, choice: Tensor, samples: number): Tensor {
  const logProbabilities = logits.logSoftmax(-1);
  const logs = exponentialLike(logits, [samples, ...logits.shape])
    .log()
    .to(logits.dtype);
  const index = choice
    .unsqueeze(-1)
    .unsqueeze(0)
    .expand([samples, ...choice.shape, 1]);
  const best = logs.gather(-1, index); // [S,B,N,1]
  const others = logs.sub(logProbabilities).logaddexp(best).neg();
  return others.scatter(-1, index, best.neg()).sub(logProbabilities);
}
