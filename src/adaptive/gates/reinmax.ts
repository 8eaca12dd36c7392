import { draw, type Estimator, tempered, withGradientOf } from "./estimator";

/**
 * ReinMax (Liu et al. 2023, arXiv 2304.08612, algorithm 2): Heun's method in place of Euler's, so
 * that at temperature 1 its expectation is exact for quadratic functions of each decision, where
 * straight-through estimators are exact for linear ones at most. Temperatures from 1 on make sense.
 */
export const reinMax: Estimator = (logits, { temperature, exponential }) => {
  const { choice, hard } = draw(logits, exponential);
  const first = logits.softmax(-1);
  const halfway = hard.add(tempered(logits.detach(), temperature).softmax(-1)).div(2);
  const second = halfway.log().sub(logits.detach()).add(logits).softmax(-1);
  const smooth = second.mul(2).sub(first.div(2));
  return { gate: withGradientOf(hard, smooth), choice, relaxed: () => second.detach() };
};
