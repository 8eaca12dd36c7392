import test from "ava";
import { DecisionStatistics } from "../../../src/adaptive";
import * as torch from "../../../src/torch";

const SPACE = { sites: ["first", "second"], alternatives: ["frozen", "tuned"] };

/** Choices [B,2] and the probabilities of `tuned` [B,2]. */
function added(...batches: [choices: number[][], tuned: number[][]][]) {
  const statistics = new DecisionStatistics(SPACE);
  for (const [choices, tuned] of batches) {
    const probabilities = tuned.map((row) => row.map((p) => [1 - p, p]));
    statistics.add(torch.tensor(choices).long(), torch.tensor(probabilities));
  }
  return statistics.summary();
}

function near(actual: number, expected: number): boolean {
  return Math.abs(actual - expected) < 1e-6;
}

test("usage, spread, unique policies and the majority, by hand", (t) => {
  const summary = added(
    [
      [
        [0, 1],
        [1, 1],
      ],
      [
        [0.2, 0.9],
        [0.8, 0.7],
      ],
    ],
    [
      [
        [0, 1],
        [0, 0],
      ],
      [
        [0.2, 0.9],
        [0.4, 0.3],
      ],
    ],
  );
  t.is(summary.inputs, 4);
  t.deepEqual(
    summary.sites.map(({ usage }) => usage),
    [
      { frozen: 0.75, tuned: 0.25 },
      { frozen: 0.25, tuned: 0.75 },
    ],
  );
  t.true(near(summary.sites[0].spread.tuned, Math.sqrt((0.04 + 0.16 + 0.04) / 4)));
  t.is(summary.usage.tuned.mean, 0.5);
  t.true(near(summary.usage.tuned.std, Math.sqrt(0.125)));
  t.is(summary.uniquePolicies, 3);
  t.is(summary.differFromMajority, 0.25);
  t.is(summary.flops, undefined);
});

test("mutual information tells an input-dependent policy from a coin of the same usage", (t) => {
  const coin = added([
    [
      [0, 1],
      [1, 0],
    ],
    [
      [0.5, 0.5],
      [0.5, 0.5],
    ],
  ]);
  const dependent = added([
    [
      [0, 1],
      [1, 0],
    ],
    [
      [0, 1],
      [1, 0],
    ],
  ]);
  t.deepEqual(
    coin.sites.map(({ usage }) => usage),
    dependent.sites.map(({ usage }) => usage),
  );
  t.is(coin.mutualInformation, 0);
  t.is(coin.sites[0].spread.tuned, 0);
  t.is(dependent.mutualInformation, 1);
  t.is(dependent.sites[0].spread.tuned, 0.5);
});

test("FLOPs per input, and decisions without probabilities count as certain", (t) => {
  const statistics = new DecisionStatistics(SPACE);
  statistics.add(
    torch
      .tensor([
        [0, 1],
        [0, 0],
      ])
      .long(),
    null,
    Float64Array.of(10, 30),
  );
  const summary = statistics.summary();
  t.deepEqual(summary.flops, { mean: 20, std: 10 });
  t.is(summary.sites[1].mutualInformation, 1);
  t.is(summary.sites[0].mutualInformation, 0);
});

test("nothing added is nothing to sum up", (t) => {
  t.throws(() => new DecisionStatistics(SPACE).summary(), { message: /no decisions/ });
});
