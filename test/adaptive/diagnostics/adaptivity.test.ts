import test from "ava";
import {
  type AdaptedModel,
  adapt,
  alternative,
  combine,
  DecisionRecord,
  DecisionStatistics,
  type Diagnostics,
  type GateOptions,
  gumbelRao,
  type Inputs,
  linearTemperature,
  measureControls,
  type PolicyOptions,
  reinforce,
  reinMax,
  selfCritical,
} from "../../../src/adaptive";
import { functional, Linear, Module } from "../../../src/nn";
import { AdamW } from "../../../src/optim";
import type { Tensor } from "../../../src/torch";
import * as torch from "../../../src/torch";

/**
 * A task whose right decision depends on the input: x [B,1,2] holds a value and its context, the
 * answer is whether they have the same sign. The model's head sees the value alone, so that the
 * site has to turn it around exactly where the context is negative.
 */
class Signed extends Module {
  readonly config = { hidden_size: 4 };
  readonly turn = new Turn();
  readonly head = new Linear(1, 2);

  override forward({ x }: Inputs): Record<string, Tensor> {
    return { logits: this.head.forward(this.turn.forward(x!.select(1, 0).narrow(1, 0, 1))) };
  }

  embed({ x }: Inputs) {
    const ones = x!.newOnes([x!.shape[0], 1, 1]);
    return {
      hidden: torch.cat([x!, ones, ones.neg()], 2), // [B,1,4]
      mask: x!.newZeros([x!.shape[0], 1, 1, 1]),
    };
  }
}

class Turn extends Module {
  override forward(x: Tensor): Tensor {
    functional.linear(x, x.newOnes([1, 1])); // FLOPs, so that turning costs something
    return x.neg();
  }
}

const turnOrNot = combine("turn or not", ["turn"], [alternative.keep, alternative.skip], {
  head: ["head"],
});

function batch(count: number): { x: Tensor; answers: Tensor } {
  const x = torch
    .randn([count, 1, 2])
    .sign()
    .mul(torch.rand([count, 1, 2]).add(0.5));
  return { x, answers: x.select(1, 0).prod(1).gt(0).long() };
}

function trained(policy: PolicyOptions, gate: GateOptions = {}, critical = false) {
  torch.manualSeed(1);
  const adapted = adapt(new Signed(), turnOrNot, { policy, gate }).train();
  const groups = adapted.parameterGroups();
  const optimizer = new AdamW([{ params: groups.model }, { params: groups.policy }], { lr: 0.02 });
  for (let step = 0; step < STEPS; step++) {
    adapted.gate.step = step;
    torch.scope(() => {
      const { x, answers } = batch(64);
      const outputs = adapted.forward({ x });
      const task = functional.crossEntropy(outputs.logits, answers);
      const reward = ({ logits }: Record<string, Tensor>) => right(logits, answers).float();
      const loss = critical ? task.add(selfCritical(adapted, { x }, outputs, reward)) : task;
      loss.backward();
      optimizer.step();
      optimizer.zeroGrad();
    });
  }
  return adapted;
}

const STEPS = 150;

/** All diagnostics of a policy on 1,000 inputs, the same for every model. */
async function diagnose(adapted: AdaptedModel): Promise<Required<Diagnostics>> {
  torch.manualSeed(2);
  const { x, answers } = batch(1000);
  const statistics = new DecisionStatistics(adapted.space);
  const record = new DecisionRecord(adapted.space);
  const accuracy = (visit: (rows: (tensor: Tensor) => Tensor, first: number) => Tensor) => {
    let correct = 0;
    for (let first = 0; first < 1000; first += 250) {
      const rows = (tensor: Tensor) => tensor.narrow(0, first, 250);
      const logits = torch.noGrad(() => visit(rows, first));
      correct += Number(right(logits, rows(answers)).sum().item());
    }
    return correct / 1000;
  };
  const learned = accuracy((rows) => {
    const outputs = adapted.eval().forward({ x: rows(x) });
    statistics.add(outputs.decisions!, outputs.probabilities, outputs.flops);
    record.add(outputs.decisions!);
    return outputs.logits;
  });
  const controls = await measureControls(record, learned, (given) =>
    accuracy((rows, first) => {
      return adapted.forward({ x: rows(x) }, { decisions: given(first, 250) }).logits;
    }),
  );
  return { ...statistics.summary(), controls } as Required<Diagnostics>;
}

function right(logits: Tensor, answers: Tensor): Tensor {
  return logits.argmax(-1).eq(answers);
}

const pooled = { kind: "pooled", hiddenSizes: [16] } as const;

test("diagnostics are plain data", async (t) => {
  const diagnostics = await diagnose(trained({ kind: "constant" }));
  t.deepEqual(JSON.parse(JSON.stringify(diagnostics)), diagnostics);
});

const gates: Record<string, [gate: GateOptions, critical?: boolean]> = {
  "straight-through": [{}],
  "straight-through, annealed": [
    { temperature: linearTemperature({ start: 3, end: 0.5, steps: STEPS }) },
  ],
  "half of the counterfactuals": [{ counterfactuals: { fixed: 0.5 } }],
  "counterfactuals where the gate moves": [{ counterfactuals: { adaptive: 0.1 } }],
  "Gumbel-Rao": [{ estimator: gumbelRao() }],
  ReinMax: [{ estimator: reinMax }],
  "self-critical REINFORCE": [{ estimator: reinforce() }, true],
};

for (const [name, [gate, critical]] of Object.entries(gates)) {
  test(`a policy that learns by ${name} finds what the input asks for`, async (t) => {
    const { controls, ...summary } = await diagnose(trained(pooled, gate, critical));
    t.true(controls.learned > 0.97, `accuracy ${controls.learned}`);
    for (const other of [controls.majority, controls.shuffled, controls.random]) {
      t.true(Math.abs(other - 0.5) < 0.06, `a control has ${other}`);
    }
    t.is(summary.uniquePolicies, 2);
    t.true(Math.abs(summary.differFromMajority - 0.5) < 0.05);
    t.true(summary.mutualInformation > 0.5, `${summary.mutualInformation} bits`);
    t.true(summary.flops!.std > 0, "an input that is turned around costs more");
  });
}

test("a policy of the same usage that does not look is told from it", async (t) => {
  const adaptive = await diagnose(trained(pooled));
  const probability = adaptive.usage.keep.mean;
  const initially = { alternative: "keep", probability };
  const chance = await diagnose(trained({ kind: "random", initially }));

  // Usage, unique policies and what differs from the majority are alike...
  t.true(Math.abs(chance.usage.keep.mean - probability) < 0.05);
  t.is(chance.uniquePolicies, adaptive.uniquePolicies);
  const differs = chance.differFromMajority - adaptive.differFromMajority;
  t.true(Math.abs(differs) < 0.05);
  // ... what is known of the input, and what it is worth, are not.
  t.true(chance.mutualInformation < 1e-6);
  t.is(chance.sites[0].spread.keep, 0);
  t.true(adaptive.sites[0].spread.keep > 0.3);
  t.true(Math.abs(chance.controls.learned - chance.controls.shuffled) < 0.06);
  t.true(adaptive.controls.learned - adaptive.controls.shuffled > 0.4);
});

test("one learned mask for all inputs is told from both", async (t) => {
  const { controls, ...summary } = await diagnose(trained({ kind: "constant" }));
  t.is(summary.uniquePolicies, 1);
  t.is(summary.mutualInformation, 0);
  t.is(summary.differFromMajority, 0);
  t.is(summary.flops!.std, 0);
  const { learned, majority, shuffled, random } = controls;
  t.true([majority, shuffled, random].every((accuracy) => accuracy === learned));
});
