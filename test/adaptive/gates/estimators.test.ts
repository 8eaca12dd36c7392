import test from "ava";
import {
  type Estimator,
  gumbelRao,
  policyGradient,
  reinforce,
  reinMax,
  straightThrough,
} from "../../../src/adaptive";
import type { Tensor } from "../../../src/torch";
import * as torch from "../../../src/torch";
import { close, distance } from "../support";

// Two decisions among three alternatives: nine outcomes, all of which can be enumerated.
const [N, K] = [2, 3];
const LOGITS = [
  [0.3, -0.8, 0.5],
  [-0.2, 0.9, 0.1],
];
const OUTCOMES = [...Array(K ** N).keys()].map((number) => [Math.floor(number / K), number % K]);

/** A loss of one-hot decisions [B,N,K] -> [B]; z is a sum of what each one contributes. */
type Loss = (gate: Tensor) => Tensor;
const contributions = torch.tensor([1.2, -0.7, 0.4, -0.3, 0.8, -1.1], { shape: [N, K] }).double();
const z: Loss = (gate) => gate.mul(contributions).sum([1, 2]);
const linear: Loss = z;
const quadratic: Loss = (gate) => z(gate).sub(0.5).square();
const quartic: Loss = (gate) => z(gate).sub(0.5).pow(4);

test("REINFORCE is unbiased, with a baseline and at any exploration", (t) => {
  for (const explore of [0, 0.4]) {
    for (const baseline of [0, 3]) {
      const theta = parameter();
      const { probabilities, choice } = reinforce({ explore })(theta.expand([9, N, K]), {
        temperature: 1,
        exponential: leadingTo(OUTCOMES),
      });
      t.deepEqual(
        choice.toArray<bigint[][]>().map((row) => row.map(Number)),
        OUTCOMES,
      );
      const weights = likelihoods(probabilities!).detach();
      const advantage = quartic(oneHot()).neg().add(baseline).mul(weights).mul(9);
      policyGradient(probabilities!, choice, advantage).backward();
      const expected = exact(quartic, (logits) =>
        logits
          .softmax(-1)
          .mul(1 - explore)
          .add(explore / K),
      );
      close(t, theta.grad, expected, 1e-12, `explore ${explore}, baseline ${baseline}`);
    }
  }
});

test("ReinMax is exact for quadratic losses at temperature 1 and biased for others", (t) => {
  for (const loss of [linear, quadratic]) {
    close(t, expectation(reinMax, loss, 1), exact(loss), 1e-12, "expectation");
  }
  t.true(distance(expectation(reinMax, quartic, 1), exact(quartic)) > 0.01);
  t.true(distance(expectation(reinMax, quadratic, 2), exact(quadratic)) > 0.01);
});

test("ReinMax has less bias than straight-through", (t) => {
  const bias = (gradient: Tensor, loss: Loss) => distance(gradient, exact(loss));
  const { mean } = sampled(straightThrough, quartic, 1);
  t.true(bias(expectation(reinMax, quartic, 1), quartic) < 0.5 * bias(mean, quartic));
});

test("straight-through is biased; without temperature not where the loss is linear", (t) => {
  const at = (temperature: number) => sampled(straightThrough, linear, temperature);
  const [warm, cold] = [at(3), at(0.1)];
  const bias = (mean: Tensor) => mean.sub(exact(linear)).abs().max().item();
  t.true(bias(warm.mean) > 20 * warm.error, "smooth");
  t.true(bias(cold.mean) < 4 * cold.error + 0.01, "all but hard");
  t.true(cold.variance > 10 * warm.variance, "which costs variance");

  const curved = sampled(straightThrough, quadratic, 0.5);
  t.true(curved.mean.sub(exact(quadratic)).abs().max().item() > 10 * curved.error);
});

test("Gumbel-Rao has straight-through's expectation and less variance the more it draws", (t) => {
  for (const loss of [quadratic, quartic]) {
    const plain = sampled(straightThrough, loss, 0.5);
    const few = sampled(gumbelRao({ samples: 2 }), loss, 0.5);
    const many = sampled(gumbelRao({ samples: 30 }), loss, 0.5);
    for (const { mean, error } of [few, many]) {
      t.true(mean.sub(plain.mean).abs().max().item() < 4.5 * (error + plain.error));
    }
    t.true(few.variance < plain.variance);
    t.true(many.variance < few.variance);
  }
});

test("Gumbel-Rao of one draw is straight-through by another road", (t) => {
  const plain = sampled(straightThrough, quadratic, 0.5);
  const { mean, error, variance } = sampled(gumbelRao({ samples: 1 }), quadratic, 0.5);
  t.true(mean.sub(plain.mean).abs().max().item() < 4.5 * (error + plain.error));
  t.true(Math.abs(variance / plain.variance - 1) < 0.05);
});

test("every estimator draws as often as the softmax says and gives hard decisions", (t) => {
  torch.manualSeed(2);
  const logits = torch.tensor(LOGITS).double().expand([20_000, N, K]);
  for (const estimator of [straightThrough, gumbelRao(), reinMax, reinforce()]) {
    const { gate, choice } = estimator(logits, { temperature: 3 });
    close(t, gate.mean([0]), torch.tensor(LOGITS).double().softmax(-1), 0.015, "frequencies");
    t.true(gate.eq(torch.oneHot(choice, K)).all().item() as unknown as boolean);
  }
});

test("estimators stay finite where a decision is certain", (t) => {
  for (const estimator of [straightThrough, gumbelRao(), reinMax]) {
    const logits = torch.tensor([[[1e4, 0, -1e4]]]).requiresGrad_(true);
    const { gate } = estimator(logits, { temperature: 0.5 });
    gate
      .mul(torch.tensor([1, 2, 3]))
      .sum()
      .backward();
    t.deepEqual(gate.toArray(), [[[1, 0, 0]]]);
    t.true(logits.grad!.isfinite().all().item() as unknown as boolean);
  }
});

test("Gumbel-Rao and REINFORCE refuse options that make no sense", (t) => {
  t.throws(() => gumbelRao({ samples: 0 }), { message: /1 draw or more, not 0/ });
  t.throws(() => reinforce({ explore: 1 }), { message: /below 1, not 1/ });
});

function parameter(): Tensor {
  return torch.tensor(LOGITS).double().unsqueeze(0).requiresGrad_(true);
}

/** The nine outcomes as one-hot decisions [9,N,K]. */
function oneHot(): Tensor {
  return torch.oneHot(torch.tensor(OUTCOMES).long(), K).double();
}

/** Noise [9,N,K] under which each outcome is the one that is drawn. */
function leadingTo(outcomes: number[][]): Tensor {
  return torch.oneHot(torch.tensor(outcomes).long(), K).double().mul(-12).add(6).exp();
}

/** The probability of each of nine outcomes: [9,N,K] -> [9]. */
function likelihoods(probabilities: Tensor): Tensor {
  return probabilities.mul(oneHot()).sum(-1).prod(1);
}

/** The gradient [1,N,K] of the expected loss, by enumeration. */
function exact(loss: Loss, probabilitiesOf = (logits: Tensor) => logits.softmax(-1)): Tensor {
  const theta = parameter();
  likelihoods(probabilitiesOf(theta.expand([9, N, K])))
    .mul(loss(oneHot()))
    .sum()
    .backward();
  return theta.grad!;
}

/** The expectation of an estimator that depends on the outcome alone, by enumeration. */
function expectation(estimator: Estimator, loss: Loss, temperature: number): Tensor {
  const theta = parameter();
  const logits = theta.expand([9, N, K]);
  const { gate } = estimator(logits, { temperature, exponential: leadingTo(OUTCOMES) });
  likelihoods(logits.softmax(-1)).detach().mul(loss(gate)).sum().backward();
  return theta.grad!;
}

/** Mean [1,N,K], largest standard error of it and summed variance over many draws. */
function sampled(estimator: Estimator, loss: Loss, temperature: number, draws = 30_000) {
  torch.manualSeed(11);
  const logits = torch.tensor(LOGITS).double().expand([draws, N, K]).clone().requiresGrad_(true);
  loss(estimator(logits, { temperature }).gate).sum().backward();
  const variance = logits.grad!.var(0);
  return {
    mean: logits.grad!.mean([0], true),
    error: Math.sqrt(variance.max().item() / draws),
    variance: variance.sum().item(),
  };
}
