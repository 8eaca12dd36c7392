import test from "ava";
import { Parameter } from "../../src/nn";
import * as optim from "../../src/optim";
import * as torch from "../../src/torch";
import { below, reference } from "../reference/load";

const values = reference("optim-steps");
const STEPS = 24;

type Made = optim.AdamW | optim.SGD;

const cases: Record<string, (optimizer: Made) => optim.RateScheduler> = {
  StepLR: (o) => new optim.StepLR(o, 5, { gamma: 0.5 }),
  MultiStepLR: (o) => new optim.MultiStepLR(o, [3, 3, 10]),
  ExponentialLR: (o) => new optim.ExponentialLR(o, 0.9),
  CosineAnnealingLR: (o) => new optim.CosineAnnealingLR(o, 7, { etaMin: 0.01 }),
  CosineAnnealingWarmRestarts: (o) => new optim.CosineAnnealingWarmRestarts(o, 5),
  "CosineAnnealingWarmRestarts longer": (o) =>
    new optim.CosineAnnealingWarmRestarts(o, 3, { tMult: 2, etaMin: 0.02 }),
  LinearLR: (o) => new optim.LinearLR(o),
  "LinearLR down": (o) => new optim.LinearLR(o, { startFactor: 1, endFactor: 0.1, totalIters: 12 }),
  ConstantLR: (o) => new optim.ConstantLR(o, { factor: 0.25, totalIters: 4 }),
  PolynomialLR: (o) => new optim.PolynomialLR(o, { totalIters: 15, power: 2 }),
  LambdaLR: (o) => new optim.LambdaLR(o, [(n) => 0.9 ** n, (n) => 1 / (1 + n)]),
  OneCycleLR: (o) => new optim.OneCycleLR(o, 0.5, { totalSteps: 24 }),
  "OneCycleLR all": (o) =>
    new optim.OneCycleLR(o, [0.5, 0.7], {
      epochs: 6,
      stepsPerEpoch: 4,
      pctStart: 0.4,
      annealStrategy: "linear",
      baseMomentum: [0.8, 0.7],
      maxMomentum: 0.9,
      divFactor: 10,
      finalDivFactor: 100,
      threePhase: true,
    }),
  SequentialLR: (o) =>
    new optim.SequentialLR(
      o,
      [
        new optim.ConstantLR(o, { totalIters: 9 }),
        new optim.LinearLR(o, { totalIters: 4 }),
        new optim.CosineAnnealingLR(o, 8),
        new optim.ExponentialLR(o, 0.5),
      ],
      [2, 7, 16],
    ),
};

const plateaus: Record<string, (optimizer: Made) => optim.ReduceLROnPlateau> = {
  ReduceLROnPlateau: (o) => new optim.ReduceLROnPlateau(o, { factor: 0.5, patience: 2 }),
  "ReduceLROnPlateau all": (o) =>
    new optim.ReduceLROnPlateau(o, {
      mode: "max",
      factor: 0.3,
      patience: 1,
      threshold: 0.5,
      thresholdMode: "abs",
      cooldown: 2,
      minLr: [0.02, 0.01],
    }),
};

function makeOptimizer(name: string): Made {
  const [a, b] = [new Parameter(torch.zeros([1])), new Parameter(torch.zeros([1]))];
  const groups = [{ params: [a] }, { params: [b], lr: 0.3 }];
  const isAdam = name === "OneCycleLR all";
  return isAdam
    ? new optim.AdamW(groups, { lr: 0.1 })
    : new optim.SGD(groups, { lr: 0.1, momentum: 0.9 });
}

function isClose(actual: readonly number[], expected: readonly number[]): boolean {
  return actual.every((value, n) => Math.abs(value - expected[n]) <= 1e-12 * Math.max(1, value));
}

function momenta({ groups }: Made): number[] {
  return groups.map((group) => ("betas" in group ? group.betas[0] : group.momentum));
}

for (const [name, make] of Object.entries(cases)) {
  test(`${name}: rates are PyTorch's at every step, and after going on from a state`, (t) => {
    const optimizer = makeOptimizer(name);
    let scheduler = make(optimizer);
    const rates = values[`schedule.${name}`].toArray<number[][]>();
    const cycles = values[`momentum.${name}`]?.toArray<number[][]>();
    for (let step = 0; step <= STEPS; step++) {
      if (step === 11) {
        const state = JSON.parse(JSON.stringify(scheduler.stateDict()));
        scheduler = make(optimizer);
        scheduler.loadStateDict(state);
      }
      if (step > 0) scheduler.step();
      t.true(isClose(scheduler.getLastLr(), rates[step]), `step ${step}: ${scheduler.getLastLr()}`);
      if (cycles) t.true(isClose(momenta(optimizer), cycles[step]), `momentum at ${step}`);
    }
  });
}

for (const [name, make] of Object.entries(plateaus)) {
  test(`${name}: rates are PyTorch's at every step, and after going on from a state`, (t) => {
    const optimizer = makeOptimizer(name);
    let scheduler = make(optimizer);
    const rates = values[`schedule.${name}`].toArray<number[][]>();
    const metrics = values.metrics.toArray<number[]>();
    for (let step = 0; step <= STEPS; step++) {
      if (step === 6) {
        const state = JSON.parse(JSON.stringify(scheduler.stateDict()));
        scheduler = make(optimizer);
        scheduler.loadStateDict(state);
      }
      if (step > 0) scheduler.step(metrics[step - 1]);
      t.true(isClose(scheduler.getLastLr(), rates[step]), `step ${step}: ${scheduler.getLastLr()}`);
    }
  });
}

test("no case of the reference is left out", (t) => {
  const names = Object.keys(below(values, "schedule"));
  t.deepEqual(names.sort(), Object.keys({ ...cases, ...plateaus }).sort());
});

test("warm restarts go to a part of an epoch", (t) => {
  const optimizer = { groups: [{ lr: 1 }] };
  const scheduler = new optim.CosineAnnealingWarmRestarts(optimizer, 2, { tMult: 2 });
  scheduler.step(3);
  t.is(scheduler.getLastLr()[0], (1 + Math.cos(Math.PI / 4)) / 2);
  scheduler.step(1.5);
  t.is(scheduler.getLastLr()[0], (1 + Math.cos((3 * Math.PI) / 4)) / 2);
});

test("a second schedule starts from the rate that the first one did", (t) => {
  const optimizer = { groups: [{ lr: 1 }] };
  new optim.ConstantLR(optimizer, { factor: 0.5 });
  t.deepEqual(new optim.ExponentialLR(optimizer, 0.9).getLastLr(), [1]);
});

test("what cannot be is refused", (t) => {
  const optimizer = { groups: [{ lr: 1 }] };
  const other = { groups: [{ lr: 1 }] };
  const throwing: [() => unknown, RegExp][] = [
    [() => new optim.StepLR(optimizer, 0), /stepSize takes a number of steps above 0/],
    [() => new optim.CosineAnnealingWarmRestarts(optimizer, 2, { tMult: 1.5 }), /whole number/],
    [() => new optim.LambdaLR(optimizer, []), /0 functions are given for 1/],
    [() => new optim.OneCycleLR(optimizer, 1), /totalSteps, or epochs/],
    [() => new optim.OneCycleLR(optimizer, 1, { totalSteps: 4 }), /no momentum/],
    [() => new optim.OneCycleLR(optimizer, [1, 2], { totalSteps: 4 }), /2 values are given/],
    [
      () => new optim.OneCycleLR(optimizer, 1, { totalSteps: 4, cycleMomentum: false }).step(5),
      /step 5 is beyond its 4/,
    ],
    [() => new optim.ReduceLROnPlateau(optimizer, { factor: 1 }), /does not reduce/],
    [() => new optim.ReduceLROnPlateau(optimizer, { minLr: [0, 0] }), /2 lowest rates/],
    [() => new optim.SequentialLR(optimizer, [], []), /0 schedulers with 0 milestones/],
    [
      () => new optim.SequentialLR(optimizer, [new optim.LinearLR(other)], []),
      /of another optimizer/,
    ],
  ];
  for (const [run, message] of throwing) t.throws(run, { message });
});
