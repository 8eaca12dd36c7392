import test from "ava";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { draw, float64, gumbel_gate, int64, noise, plainGate, refused } from "./fused-support";
import { numbers, numericalGradient, same } from "./support";

for (const [name, shape, temperature, sample] of [
  ["two alternatives", [5, 3, 2], 0.7, true],
  ["three alternatives", [4, 3], 2, true],
  ["one row", [1, 2], 1, true],
  ["no row", [0, 4, 2], 1, true],
  ["a single alternative", [3, 1], 1, true],
  ["many alternatives", [2, 37], 0.5, true],
  ["evaluation", [5, 3, 2], 0.7, false],
  ["evaluation of three alternatives", [6, 3], 3, false],
] as [string, number[], number, boolean][]) {
  test(`gate: values and gradient are the definition's: ${name}`, (t) => {
    torch.manualSeed(shape.length);
    const logits = draw(...shape).requiresGrad_();
    const exponential = sample ? noise(...shape) : undefined;
    const [gate, choice] = gumbel_gate(logits, temperature, { sample, exponential });
    const plain = plainGate(logits, temperature, exponential);
    same(t, choice, plain.choice, "choice");
    same(t, gate, torch.oneHot(choice, shape.at(-1)!).double(), "gate", 0);
    t.false(choice.requiresGrad);
    t.is(choice.dtype, "int64");
    const weights = draw(...shape);
    const [found] = torch.grad([gate.mul(weights).sum()], [logits]);
    const [expected] = torch.grad([plain.gate.mul(weights).sum()], [logits]);
    same(t, found, expected, "gradient", 1e-12);
    const objective = (x: Tensor) => plainGate(x, temperature, exponential).soft.mul(weights).sum();
    same(t, found, numericalGradient(objective, logits), "finite differences", 1e-7);
  });
}

test("gate: evaluation takes no noise, given or drawn", (t) => {
  const logits = torch.tensor(
    [
      [3, 0],
      [0, 1],
    ],
    float64,
  );
  const exponential = torch.tensor(
    [
      [100, 1e-9],
      [1e-9, 100],
    ],
    float64,
  );
  const state = torch.getRngState();
  const [, choice] = gumbel_gate(logits, 1, { sample: false, exponential });
  t.deepEqual(choice.toArray(), [0, 1]);
  gumbel_gate(logits, 1, { sample: false });
  t.deepEqual(torch.getRngState().toTypedArray(), state.toTypedArray());
});

test("gate: draws follow the softmax of the logits whatever the temperature, and repeat by seed", (t) => {
  const probabilities = [0.1, 0.6, 0.3];
  const logits = torch.tensor(probabilities.map(Math.log)).expand([20_000, 3]);
  for (const temperature of [0.2, 5]) {
    const run = () => {
      torch.manualSeed(9);
      return gumbel_gate(logits, temperature, { sample: true })[0];
    };
    const usage = run().mean([0]).toArray() as number[];
    for (const [k, p] of probabilities.entries()) {
      t.true(Math.abs(usage[k] - p) < 5 * Math.sqrt((p * (1 - p)) / 20_000), `${usage}`);
    }
    t.true(torch.equal(run(), run()));
  }
});

test("gate: float32 and bfloat16 keep their dtype and come near float64", (t) => {
  for (const [dtype, tolerance] of [
    ["float32", 1e-5],
    ["bfloat16", 3e-2],
  ] as const) {
    torch.manualSeed(4);
    const wide = draw(6, 3).to(dtype).double().requiresGrad_();
    const exponential = noise(6, 3).to(dtype).double();
    const narrow = wide.detach().to(dtype).requiresGrad_();
    const weights = draw(6, 3);
    const options = { sample: true, exponential: exponential.to(dtype) };
    const [gate, choice] = gumbel_gate(narrow, 0.8, options);
    t.is(gate.dtype, dtype);
    const plain = plainGate(wide, 0.8, exponential);
    same(t, choice, plain.choice, "choice");
    gate.mul(weights.to(dtype)).sum().backward();
    plain.gate.mul(weights).sum().backward();
    same(t, narrow.grad!.double(), wide.grad!, `${dtype} gradient`, tolerance);
  }
});

test("gate: extreme logits and noise stay finite", (t) => {
  const logits = torch
    .tensor(
      [
        [1e4, -1e4],
        [-700, 700],
        [0, -Infinity],
      ],
      float64,
    )
    .requiresGrad_();
  const exponential = torch.tensor(
    [
      [1e-300, 1],
      [50, 1e-30],
      [1, 1],
    ],
    float64,
  );
  const [gate, choice] = gumbel_gate(logits, 0.01, { sample: true, exponential });
  t.deepEqual(choice.toArray(), [0, 1, 0]);
  gate
    .mul(torch.tensor([1, 2], float64))
    .sum()
    .backward();
  t.true(numbers(logits.grad!).every(Number.isFinite));
});

test("gate: gradients of gradients are the definition's", (t) => {
  torch.manualSeed(2);
  const logits = draw(3, 3).requiresGrad_();
  const exponential = noise(3, 3);
  const weights = draw(3, 3);
  const second = (gate: Tensor) => {
    const [first] = torch.grad([gate.mul(weights).sum()], [logits], { createGraph: true });
    return torch.grad([first.mul(first).sum()], [logits])[0];
  };
  const [gate] = gumbel_gate(logits, 0.7, { sample: true, exponential });
  same(t, second(gate), second(plainGate(logits, 0.7, exponential).gate), "second", 1e-11);
});

test("gate: without gradient mode there is no graph", (t) => {
  const logits = draw(2, 2).requiresGrad_();
  const [gate] = torch.noGrad(() => gumbel_gate(logits, 1, { sample: true }));
  t.false(gate.requiresGrad);
});

test("gate: wrong arguments are refused", (t) => {
  const logits = draw(2, 2);
  const gate = (x: unknown, temperature: unknown, options: unknown) => () =>
    gumbel_gate(x as Tensor, temperature as number, options as { sample: boolean });
  refused(t, "temperature 0", gate(logits, 0, { sample: true }));
  refused(t, "temperature -1", gate(logits, -1, { sample: false }));
  refused(t, "temperature NaN", gate(logits, Number.NaN, { sample: true }));
  refused(t, "integer logits", gate(int64([1, 2]), 1, { sample: true }));
  refused(t, "a number for logits", gate(3, 1, { sample: true }));
  refused(t, "scalar logits", gate(torch.tensor(1), 1, { sample: true }));
  refused(t, "no alternative", gate(torch.zeros([2, 0]), 1, { sample: true }));
  refused(t, "noise of another shape", gate(logits, 1, { sample: true, exponential: draw(2, 3) }));
});
