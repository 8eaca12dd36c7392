import test from "ava";
import { Parameter } from "../../src/nn";
import { AdamW, type Optimizer, RMSprop, SGD } from "../../src/optim";
import type { DType, Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { isNear } from "../rounding";

const STEPS = 20;
const SHAPES = [[7, 5], [5]];

/** The same numbers for every run: weights and gradients that bfloat16 has no room for. */
const generator = new torch.Generator().manualSeed(3);
const starts = SHAPES.map((shape) => torch.randn(shape, { generator }));
const gradients = Array.from({ length: STEPS }, () =>
  SHAPES.map((shape) => torch.randn(shape, { generator })),
);

/** How each optimizer is made of parameters. */
const makers = {
  AdamW: (params, masterWeights) => new AdamW(params, { lr: 1e-3, amsgrad: true, masterWeights }),
  SGD: (params, masterWeights) => new SGD(params, { lr: 1e-3, momentum: 0.9, masterWeights }),
  RMSprop: (params, masterWeights) => new RMSprop(params, { lr: 1e-3, masterWeights }),
} satisfies Record<string, (params: Parameter[], masterWeights: boolean) => Optimizer<object>>;

/** An optimization of weights that start at the same half-precision numbers. */
class Run {
  readonly params: Parameter[];
  readonly optimizer: Optimizer<object>;

  constructor(
    readonly half: DType,
    readonly dtype: DType,
    name: keyof typeof makers = "AdamW",
    masterWeights = true,
  ) {
    this.params = starts.map((start) => new Parameter(start.to(half).to(dtype, { copy: true })));
    this.optimizer = makers[name](this.params, masterWeights);
  }

  /** Takes steps along the same gradients, rounded as a backward in half precision rounds them. */
  steps(from: number, to: number): void {
    for (let n = from; n < to; n++) {
      for (const [i, parameter] of this.params.entries()) {
        parameter.grad = gradients[n][i].to(this.half).to(this.dtype);
      }
      this.optimizer.step();
    }
  }

  state(name: string): Tensor {
    return this.optimizer.stateDict().tensors[name];
  }
}

for (const half of ["bfloat16", "float16"] as const) {
  for (const name of Object.keys(makers) as (keyof typeof makers)[]) {
    test(`${name}: masters of ${half} weights are float32 weights under the same gradients`, (t) => {
      const [mixed, single] = [new Run(half, half, name), new Run(half, "float32", name)];
      for (let n = 0; n < STEPS; n++) {
        mixed.steps(n, n + 1);
        single.steps(n, n + 1);
        for (const [i, parameter] of mixed.params.entries()) {
          const expected = single.params[i];
          t.true(torch.equal(mixed.state(`${i}.master`), expected), `master ${i}, step ${n}`);
          t.is(parameter.dtype, half);
          t.true(torch.equal(parameter, expected.to(half)), `weight ${i}, step ${n}`);
        }
      }
      const own = mixed.optimizer.stateDict().tensors;
      for (const [key, tensor] of Object.entries(single.optimizer.stateDict().tensors)) {
        t.is(own[key].dtype, "float32");
        t.true(torch.equal(own[key], tensor), key);
      }
    });
  }
}

test("without masters small steps are lost", (t) => {
  const weight = () => new Parameter(torch.ones([1], { dtype: "bfloat16" }));
  const [plain, kept] = [weight(), weight()];
  const options = { lr: 1e-3, weightDecay: 0 };
  const optimizers = [
    new AdamW([plain], options),
    new AdamW([kept], { ...options, masterWeights: true }),
  ];
  for (let n = 0; n < 100; n++) {
    for (const parameter of [plain, kept]) parameter.grad = torch.onesLike(parameter);
    for (const optimizer of optimizers) optimizer.step();
  }
  t.is(plain.item(), 1);
  t.true(isNear(Number(kept.item()), 0.9, { dtype: "bfloat16" }), `${kept.item()}`);
  t.false("0.master" in optimizers[0].stateDict().tensors);
});

test("k steps, a state in a file, and k steps more equal 2k steps to the bit", (t) => {
  const whole = new Run("bfloat16", "bfloat16");
  whole.steps(0, STEPS);

  const first = new Run("bfloat16", "bfloat16");
  first.steps(0, STEPS / 2);
  const { tensors, groups } = first.optimizer.stateDict();
  const second = new Run("bfloat16", "bfloat16");
  torch.noGrad(() => {
    for (const [i, parameter] of second.params.entries()) parameter.copy_(first.params[i]);
  });
  second.optimizer.loadStateDict({ tensors, groups: structuredClone(groups) });
  first.steps(STEPS / 2, STEPS / 2 + 3); // what was loaded is a copy
  second.steps(STEPS / 2, STEPS);

  for (const [i, parameter] of whole.params.entries()) {
    t.true(torch.equal(second.params[i], parameter));
  }
  const expected = whole.optimizer.stateDict().tensors;
  t.deepEqual(Object.keys(second.optimizer.stateDict().tensors), Object.keys(expected));
  for (const [name, tensor] of Object.entries(expected)) {
    t.true(torch.equal(second.state(name), tensor), name);
  }
});

test("weights that are put back after the state keep their masters", (t) => {
  const first = new Run("bfloat16", "bfloat16");
  first.steps(0, 5);
  const second = new Run("bfloat16", "bfloat16");
  second.optimizer.loadStateDict(first.optimizer.stateDict());
  torch.noGrad(() => {
    for (const [i, parameter] of second.params.entries()) parameter.copy_(first.params[i]);
  });
  for (const run of [first, second]) run.steps(5, STEPS);
  t.true(torch.equal(second.state("0.master"), first.state("0.master")));
});

test("a state of float32 weights is taken, and masters start at the weights", (t) => {
  const single = new Run("bfloat16", "float32");
  single.steps(0, 5);
  const half = new Run("bfloat16", "bfloat16");
  torch.noGrad(() => {
    for (const [i, parameter] of half.params.entries()) parameter.copy_(single.params[i]);
  });
  half.optimizer.loadStateDict(single.optimizer.stateDict());
  t.true(torch.equal(half.state("0.master"), half.params[0].to("float32")));
  for (const name of ["0.exp_avg", "1.exp_avg_sq"]) {
    t.true(torch.equal(half.state(name), single.state(name)), name);
  }
  for (const run of [single, half]) run.steps(5, STEPS);
  // The masters lost up to 2^-9 of each weight when they started, and nothing since.
  const off = half.state("0.master").sub(single.params[0]).abs().max().item();
  t.true(Number(off) > 0 && Number(off) < 2 ** -9 * 4, `${off}`);
});

test("a weight that something else changes takes its master along", (t) => {
  const parameter = new Parameter(torch.ones([2], { dtype: "bfloat16" }));
  const optimizer = new AdamW([parameter], { lr: 1e-3, weightDecay: 0, masterWeights: true });
  const step = () => {
    parameter.grad = torch.onesLike(parameter);
    optimizer.step();
  };
  step();
  torch.noGrad(() => parameter.select(0, 0).fill_(8));
  step();
  const master = optimizer.stateDict().tensors["0.master"].toArray() as number[];
  t.true(isNear(master[0], 7.999, { depth: 8, dtype: "float32" }), `${master}`);
  t.true(isNear(master[1], 0.998, { depth: 8, dtype: "float32" }), `${master}`);
});

test("weights of both precisions step together, and a state that does not fit is refused", (t) => {
  const params = [
    new Parameter(torch.ones([2], { dtype: "bfloat16" })),
    new Parameter(torch.ones([2])),
  ];
  const make = (masterWeights: boolean) => new AdamW(params, { masterWeights });
  const optimizer = make(true);
  for (const parameter of params) parameter.grad = torch.onesLike(parameter);
  optimizer.step();
  const state = optimizer.stateDict();
  t.deepEqual(
    Object.keys(state.tensors).filter((name) => name.endsWith("master")),
    ["0.master"],
  );
  t.throws(() => make(false).loadStateDict(state), { message: /unexpected: 0\.master/ });
  const { "0.exp_avg": _, ...lacking } = state.tensors;
  const wrong = { ...lacking, "0.master": torch.ones([3]) };
  const { message } = t.throws(() => optimizer.loadStateDict({ ...state, tensors: wrong }));
  t.true(message.includes("missing: 0.exp_avg"));
  t.true(message.includes("shape: 0.master is [3], the parameter is [2]"));
});

test("steps in a scope leave the masters and free the rest", (t) => {
  const run = new Run("bfloat16", "bfloat16");
  torch.scope(() => run.steps(0, 1));
  run.optimizer.zeroGrad();
  const { tensors } = torch.memory();
  torch.scope(() => {
    run.steps(1, STEPS);
    run.optimizer.zeroGrad();
  });
  t.is(torch.memory().tensors, tensors);
});
