import test from "ava";
import { type CounterfactualRate, Gate, type Policy } from "../../../src/adaptive";
import { Module, Parameter } from "../../../src/nn";
import type { Tensor } from "../../../src/torch";
import * as torch from "../../../src/torch";
import { lxmertCase, type ModelCase, residualCase, type StrategyCase, strategies } from "../cases";
import { cast, close, lossOf, setting } from "../support";

const ROWS = 200;

for (const [name, model] of [
  ["SpotTune_Block", residualCase],
  ["SpotTune", residualCase],
  ["block x frozen, tuned, skip", residualCase],
  ["SpotTune_Block", lxmertCase],
] as const) {
  const strategy = strategies.find((one) => one.name === name)!;
  for (const rate of [{ probability: 0.3 }, { least: 0.2 }]) {
    const title = `${name} on ${model.name}, ${JSON.stringify(rate)}`;
    test(`${title}: the gradient's expectation is the exact one`, (t) => {
      const exact = run(model, strategy, "exact");
      const sampled = run(model, strategy, rate);
      t.deepEqual(sampled.outputs, exact.outputs, "values are the same to the bit");
      for (const [weight, gradient] of exact.weights) {
        close(t, sampled.weights.get(weight)!, gradient, 1e-9, weight);
      }

      // Each decision's gradient is nothing, or the exact one by its probability q of being drawn.
      const expected = exact.policy.select(0, 0); // [N,K]
      let drawn = 0;
      let chances = 0;
      for (const [n, q] of sampled.q.entries()) {
        const rows = sampled.policy.select(1, n); // [R,K]
        const hit = rows.abs().amax([1]).gt(0); // [R]
        const count = Number(hit.sum().item());
        drawn += count;
        chances += q * ROWS;
        const spread = Math.sqrt(ROWS * q * (1 - q));
        t.true(Math.abs(count - q * ROWS) <= 4 * spread + 1e-9, `site ${n}: ${count} of ${q}`);
        const wanted = hit.to("float64").unsqueeze(1).mul(expected.select(0, n)).div(q);
        close(t, rows, wanted, 1e-9, `site ${n}`);
      }
      t.true(drawn > 0 && chances < 0.95 * ROWS * sampled.q.length, "some are spared");
      t.true(sampled.counterfactuals < 0.95 * exact.counterfactuals);
    });
  }
}

test("rates outside of 0 .. 1 are refused", (t) => {
  t.throws(() => new Gate({ counterfactuals: { probability: 0 } }), { message: /above 0.* not 0/ });
  t.throws(() => new Gate({ counterfactuals: { least: 1.5 } }), { message: /least is .* not 1.5/ });
});

/** One input many times, with the same noise and so the same decisions, but its own sampling. */
function run(model: ModelCase, strategy: StrategyCase, counterfactuals: CounterfactualRate) {
  const sites = setting(model, strategy).adapted.sites.length;
  const { what } = strategy.strategy(model);
  const policy = new TablePolicy(sites, what.length);
  const gate = { counterfactuals, temperature: 2 };
  const { adapted } = setting(model, strategy, { policy, gate });
  torch.noGrad(() => policy.table.copy_(torch.randn([1, sites, what.length]).mul(2)));
  torch.manualSeed(6);
  const one = cast(model.inputs(1), "float64");
  const inputs = Object.fromEntries(
    Object.entries(one).map(([name, input]) => {
      return [name, input!.expand([ROWS, ...input!.shape.slice(1)]).contiguous()];
    }),
  );
  const noise = torch.empty([1, sites, what.length], { dtype: "float64" }).exponential_();
  const exponential = noise.expand([ROWS, sites, what.length]).contiguous();
  adapted.train().resetExecuted();
  const outputs = adapted.forward(inputs, { exponential });
  lossOf({ ...outputs, gate: undefined }).backward();
  const relaxed = policy.table
    .detach()
    .select(0, 0)
    .sub(noise.select(0, 0).log())
    .div(2)
    .softmax(-1);
  const slack = relaxed
    .mul(relaxed.neg().add(1))
    .sum(-1)
    .div(1 - 1 / what.length)
    .toArray<number[]>();
  const q = slack.map((share) => {
    if (counterfactuals === "exact") return 1;
    if ("probability" in counterfactuals) return counterfactuals.probability;
    return counterfactuals.least + (1 - counterfactuals.least) * share;
  });
  return {
    q,
    outputs: outputs.logits.toArray(),
    policy: policy.table.grad!,
    weights: new Map(
      adapted.namedParameters().flatMap(([name, { grad }]): [string, Tensor][] => {
        return grad && !name.startsWith("policy") ? [[name, grad]] : [];
      }),
    ),
    counterfactuals: adapted.executed.reduce((sum, row) => sum + row.withoutGradient, 0),
  };
}

/** Logits [R,N,K] that are parameters themselves, the same for all rows. */
class TablePolicy extends Module implements Policy {
  readonly table: Parameter;

  constructor(sites: number, alternatives: number) {
    super();
    this.table = new Parameter(
      torch.randn([1, sites, alternatives]).expand([ROWS, -1, -1]).clone(),
    );
  }

  override forward(): Tensor {
    return this.table;
  }
}
