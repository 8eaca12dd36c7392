import test from "ava";
import {
  type CounterfactualRate,
  type Estimator,
  type Execution,
  Gate,
  type GateOptions,
  type Policy,
  straightThrough,
} from "../../../src/adaptive";
import { Module, Parameter } from "../../../src/nn";
import type { Tensor } from "../../../src/torch";
import * as torch from "../../../src/torch";
import { lxmertCase, type ModelCase, residualCase, type StrategyCase, strategies } from "../cases";
import { zeroAtPadding } from "../contract-support";
import { cast, close, lossOf, setting } from "../support";

const ROWS = 200;

for (const [name, model] of [
  ["SpotTune_Block", residualCase],
  ["SpotTune", residualCase],
  ["SpotTune of LoRA", residualCase],
  ["block x frozen, tuned, skip", residualCase],
  ["SpotTune_Block", lxmertCase],
] as const) {
  const strategy = strategies.find((one) => one.name === name)!;
  for (const rate of [{ fixed: 0.3 }, { adaptive: 0.3 }]) {
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
      for (const [n, q] of sampled.q.entries()) {
        const rows = sampled.policy.select(1, n); // [R,K]
        const hit = rows.abs().amax([1]).gt(0); // [R]
        const count = Number(hit.sum().item());
        drawn += count;
        const spread = Math.sqrt(ROWS * q * (1 - q));
        t.true(Math.abs(count - q * ROWS) <= 4 * spread + 1e-9, `site ${n}: ${count} of ${q}`);
        const wanted = hit.to("float64").unsqueeze(1).mul(expected.select(0, n)).div(q);
        close(t, rows, wanted, 1e-9, `site ${n}`);
      }
      t.true(drawn > 0);
      const rates = sampled.q.filter((_, n) => !sampled.atOnce[n]);
      const mean = rates.reduce((sum, q) => sum + q, 0) / rates.length;
      t.true(Math.abs(mean - 0.3) < 1e-6, "the mean rate");
      t.true(sampled.counterfactuals < 0.95 * exact.counterfactuals);
    });
  }
}

for (const [name, model] of [
  ["SpotTune_Block", lxmertCase],
  ["SpotTune", residualCase],
] as const) {
  const strategy = strategies.find((one) => one.name === name)!;
  test(`${name} on ${model.name}: masked execution weighs the same decisions`, (t) => {
    const [routed, masked] = (["routed", "masked"] as const).map((execution) =>
      run(model, strategy, "adaptive", execution),
    );
    close(t, routed.policy, masked.policy, 1e-9, "gradient of the policy's logits");
    t.true(masked.policy.abs().amax([2]).eq(0).any().item(), "some have none");
  });
}

const bySureness = [0, 1, 2, 4, 8, 16];

test("adaptive rates: the less sure, the more often, up to always, and a quarter on average", (t) => {
  const { rates, mean } = frequencies({ counterfactuals: "adaptive" }, bySureness);
  t.true(Math.abs(mean - 0.25) < 0.02, `${mean}`);
  for (const [n, rate] of rates.slice(1).entries()) t.true(rate < rates[n], `${rates}`);
  t.true(rates[0] > 0.4 && rates[5] < 0.05, `${rates}`);
  const most = frequencies({ counterfactuals: { adaptive: 0.9 }, temperature: 0.5 }, bySureness);
  t.is(most.rates[0], 1, "as often as can be");
  t.true(Math.abs(most.mean - 0.9) < 0.02, `${most.mean}`);
});

test("adaptive rates: sites that are held have no part in the share", (t) => {
  const curriculum = { alternative: "frozen", steps: 100 };
  const { rates } = frequencies({ counterfactuals: "adaptive", curriculum }, bySureness);
  t.deepEqual(rates.slice(0, 5), [0, 0, 0, 0, 0]);
  t.true(Math.abs(rates[5] - 0.25) < 0.03, `${rates}`);
});

test("a rate of 1 is exact, also for an estimator that tells nothing", (t) => {
  const logits = torch.zeros([2, 3, 2], { requiresGrad: true });
  const silent: Estimator = (...ask) => ({ ...straightThrough(...ask), relaxed: undefined });
  const decide = (counterfactuals: CounterfactualRate) =>
    new Gate({ counterfactuals, estimator: silent }).decide(logits, { sample: true });
  for (const rate of ["exact", { fixed: 1 }, { adaptive: 1 }] as const) {
    t.is(decide(rate).compared, undefined);
  }
  t.notThrows(() => decide({ fixed: 0.5 }));
  t.throws(() => decide({ adaptive: 0.5 }), {
    message: /tells none: give what it draws a `relaxed`/,
  });
});

test("rates outside of 0 .. 1 are refused", (t) => {
  t.throws(() => new Gate({ counterfactuals: { fixed: 0 } }), { message: /above 0.* not 0/ });
  t.throws(() => new Gate({ counterfactuals: { adaptive: 1.5 } }), {
    message: /adaptive is .* not 1.5/,
  });
});

/** How often a gate compares sites whose logits are so far apart. */
function frequencies(options: GateOptions, apart: readonly number[]) {
  torch.manualSeed(3);
  const space = {
    sites: apart.map((_, n) => `layer.${n}`),
    alternatives: ["frozen", "tuned"],
  };
  const gate = new Gate(options, space);
  const logits = torch
    .tensor(apart.map((difference) => [difference, 0]))
    .to("float32")
    .expand([3000, apart.length, 2])
    .clone()
    .requiresGrad_(true);
  const { compared } = gate.decide(logits, { sample: true });
  const rates = compared!.where.to("float64").mean([0]).toArray<number[]>();
  return { rates, mean: rates.reduce((sum, rate) => sum + rate, 0) / rates.length };
}

/** One input many times, with the same noise and so the same decisions, but its own sampling. */
function run(
  model: ModelCase,
  strategy: StrategyCase,
  counterfactuals: CounterfactualRate,
  execution: Execution = "routed",
) {
  const sites = setting(model, strategy).adapted.sites.length;
  const { what } = strategy.strategy(model);
  const policy = new TablePolicy(sites, what.length);
  const gate = { counterfactuals, temperature: 2 };
  const { adapted } = setting(model, strategy, { policy, gate, execution });
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
  const outputs = adapted.forward(inputs, { exponential }) as unknown as Record<string, Tensor>;
  lossOf({ ...zeroAtPadding(outputs, inputs), gate: undefined }).backward();
  const relaxed = policy.table
    .detach()
    .select(0, 0)
    .sub(noise.select(0, 0).log())
    .div(2)
    .softmax(-1);
  const reach = relaxed.mul(relaxed.neg().add(1)).sum(-1).toArray<number[]>();
  // The heads of plain attentions run together, and are then compared whatever the rate.
  const atOnce = adapted.sites.map((site) => {
    return strategy.name === "SpotTune" && site.name.includes(".head.");
  });
  const rates = probabilities(
    counterfactuals,
    reach.filter((_, n) => !atOnce[n]),
  );
  return {
    atOnce,
    q: atOnce.map((one) => (one ? 1 : rates.shift()!)),
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

/** The probability of each site: in proportion to its reach, found by halving an interval. */
function probabilities(rate: CounterfactualRate, reach: readonly number[]): number[] {
  if (typeof rate === "string") return reach.map(() => (rate === "exact" ? 1 : 1 / 4));
  if ("fixed" in rate) return reach.map(() => rate.fixed);
  const at = (c: number) => reach.map((x) => Math.min(1, c * x));
  let [low, high] = [0, 1e9];
  while (high - low > 1e-14 * high) {
    const middle = (low + high) / 2;
    const mean = at(middle).reduce((sum, q) => sum + q, 0) / reach.length;
    [low, high] = mean < rate.adaptive ? [middle, high] : [low, middle];
  }
  return at(high);
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
