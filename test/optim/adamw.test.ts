import test from "ava";
import { Parameter } from "../../src/nn";
import { AdamW, clipGradNorm_, LRScheduler, linearWarmupDecay } from "../../src/optim";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { below, distance, reference } from "../reference/load";
import { assertRounding, isNear, rounding, UPDATES } from "../rounding";

const values = reference("optim");
const STEPS = 12;
const NAMES = ["a", "b", "c"] as const;

/** The optimization of the reference script, which can be taken up at any step. */
class Run {
  readonly params = Object.fromEntries(
    NAMES.map((name) => [name, new Parameter(values[`start.${name}`].clone())]),
  );
  readonly optimizer = new AdamW(
    [
      { params: [this.params.a, this.params.c], weightDecay: 0.1 },
      { params: [this.params.b], lr: 0.03, weightDecay: 0, name: "b" },
    ],
    { lr: 0.02, betas: [0.8, 0.99], eps: 1e-6 },
  );
  readonly scheduler = new LRScheduler(
    this.optimizer,
    linearWarmupDecay({ warmup: 4, total: STEPS }),
  );

  step(n: number): { norm: number; lr: number } {
    for (const name of NAMES) {
      this.params[name].grad = values[`gradient.${n}.${name}`]?.clone() ?? null;
    }
    const norm = Number(clipGradNorm_(Object.values(this.params), 2).item());
    const { lr } = this.optimizer.groups[1];
    this.optimizer.step();
    this.scheduler.step();
    return { norm, lr };
  }
}

test("weights, norms and rates are PyTorch's over 12 steps of two groups", (t) => {
  const run = new Run();
  for (let n = 0; n < STEPS; n++) {
    const { norm, lr } = run.step(n);
    t.true(isNear(norm, Number(values.norm.select(0, n).item()), { terms: 32, dtype: "float32" }));
    t.true(isNear(lr, Number(values.lr.select(0, n).item()), UPDATES));
    for (const [name, expected] of Object.entries(below(values, `after.${n}`))) {
      const off = distance(run.params[name].detach(), expected);
      assertRounding(t, off, rounding("float32", UPDATES), `${name} after step ${n}`);
    }
  }
});

test("k steps, a state, and k steps more equal 2k steps to the bit", (t) => {
  const whole = new Run();
  for (let n = 0; n < STEPS; n++) whole.step(n);

  const first = new Run();
  for (let n = 0; n < STEPS / 2; n++) first.step(n);
  const second = new Run();
  torch.noGrad(() => {
    for (const name of NAMES) second.params[name].copy_(first.params[name]);
  });
  const { tensors, groups } = first.optimizer.stateDict();
  second.optimizer.loadStateDict({ tensors, groups: JSON.parse(JSON.stringify(groups)) });
  second.scheduler.loadStateDict(JSON.parse(JSON.stringify(first.scheduler.stateDict())));
  for (let n = STEPS / 2; n < STEPS; n++) second.step(n);

  for (const name of NAMES) t.true(torch.equal(second.params[name], whole.params[name]));
  const expected = whole.optimizer.stateDict();
  const actual = second.optimizer.stateDict();
  t.deepEqual(actual.groups, expected.groups);
  t.deepEqual(Object.keys(actual.tensors), Object.keys(expected.tensors));
  for (const [name, tensor] of Object.entries(expected.tensors)) {
    t.true(torch.equal(actual.tensors[name], tensor), name);
  }
});

test("a state is copied, and names its tensors by parameter", (t) => {
  const run = new Run();
  run.step(0);
  const { tensors, groups } = run.optimizer.stateDict();
  const names = ["0.step", "0.exp_avg", "0.exp_avg_sq", "2.step", "2.exp_avg", "2.exp_avg_sq"];
  t.deepEqual(Object.keys(tensors), names);
  t.is(groups[1].name, "b");
  const other = new Run();
  other.optimizer.loadStateDict({ tensors, groups });
  const before = other.optimizer.stateDict().tensors["0.exp_avg"].toArray();
  run.step(1);
  t.deepEqual(other.optimizer.stateDict().tensors["0.exp_avg"].toArray(), before);
});

test("a state that does not fit is refused with all problems, and nothing changes", (t) => {
  const run = new Run();
  run.step(0);
  const { tensors, groups } = run.optimizer.stateDict();
  const { "0.step": _, ...rest } = tensors;
  const wrong: Record<string, Tensor> = {
    ...rest,
    "2.exp_avg": torch.ones([1]),
    "9.step": torch.ones([]),
  };
  const { message } = t.throws(() => run.optimizer.loadStateDict({ tensors: wrong, groups }));
  t.true(message.includes("missing: 0.step"));
  t.true(message.includes("shape: 2.exp_avg is [1], the parameter is [5]"));
  t.true(message.includes("unexpected: 9.step"));
  t.is(run.optimizer.stateDict().tensors["0.step"], tensors["0.step"]);
  t.throws(() => run.optimizer.loadStateDict({ tensors, groups: groups.slice(1) }), {
    message: /1 parameter groups are given for 2/,
  });
});

test("steps in a scope leave the state and free the rest", (t) => {
  const parameter = new Parameter(torch.ones([3]));
  const optimizer = new AdamW([parameter], { lr: 0.1 });
  const step = () =>
    torch.scope(() => {
      optimizer.zeroGrad();
      parameter.mul(2).sum().backward();
      optimizer.step();
    });
  step();
  const { tensors } = torch.memory();
  for (let n = 0; n < 20; n++) step();
  t.is(torch.memory().tensors, tensors);
  t.is(optimizer.stateDict().tensors["0.step"].item(), 21);
});

test("parameters of several dtypes step together", (t) => {
  const params = [
    new Parameter(torch.ones([2])),
    new Parameter(torch.ones([2], { dtype: "float64" })),
  ];
  const optimizer = new AdamW(params, { lr: 0.1, weightDecay: 0 });
  for (const parameter of params) parameter.grad = torch.onesLike(parameter);
  optimizer.step();
  for (const parameter of params)
    t.true(parameter.sub(0.9).abs().max().item() <= rounding("float32"));
});

test("the defaults are PyTorch's", (t) => {
  const [group] = new AdamW([new Parameter(torch.ones([1]))]).groups;
  const { params: _, ...numbers } = group;
  t.deepEqual(numbers, {
    lr: 1e-3,
    betas: [0.9, 0.999],
    eps: 1e-8,
    weightDecay: 0.01,
    amsgrad: false,
    maximize: false,
  });
});

test("what cannot be is refused, all at once", (t) => {
  const parameter = new Parameter(torch.ones([1]));
  const { message } = t.throws(
    () =>
      new AdamW([
        { params: [parameter], lr: -1 },
        { params: [parameter], betas: [0.9, 1] },
      ]),
  );
  t.true(message.includes("group 0: lr -1"));
  t.true(message.includes("group 1: beta 1"));
  t.true(message.includes("group 1: has a parameter that was given before"));
  t.throws(() => new AdamW([]), { message: /no parameters/ });
});

for (const dtype of ["float32", "bfloat16"] as const) {
  test(`a step on the device is a step, and none where something is not finite, in ${dtype}`, (t) => {
    const start = torch.randn([5]).to(dtype);
    const make = () => {
      const parameter = new Parameter(start.clone());
      return { parameter, optimizer: new AdamW([parameter], { lr: 0.1, masterWeights: true }) };
    };
    const [plain, device] = [make(), make()];
    const numbers = ({ parameter, optimizer }: ReturnType<typeof make>) =>
      [parameter, ...Object.values(optimizer.stateDict().tensors)].map((tensor) =>
        Array.from(tensor.detach().toTypedArray(), Number),
      );
    const step = (foundInf: number, gradient: Tensor) => {
      device.parameter.grad = gradient;
      const rates = [torch.tensor(device.optimizer.groups[0].lr)];
      device.optimizer.stepOnDevice({ rates, foundInf: torch.tensor(foundInf) });
    };
    for (const lr of [0.125, 0.5, 0.25]) {
      for (const { optimizer } of [plain, device]) optimizer.groups[0].lr = lr;
      const gradient = torch.randn([5]).to(dtype);
      plain.parameter.grad = gradient;
      plain.optimizer.step();
      step(0, gradient.clone());
      t.deepEqual(numbers(device), numbers(plain));
      step(1, gradient.mul(Number.NaN));
      t.deepEqual(numbers(device), numbers(plain));
    }
  });
}
