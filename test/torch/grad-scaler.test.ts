import test from "ava";
import { AdamW, clipGradNorm_ } from "../../src/optim";
import type { ScalableOptimizer, Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { below, reference } from "../reference/load";
import { same } from "./support";

const expected = below(reference("torch-modes"), "scaler");
const values = (shape: number[], step: number) =>
  torch
    .arange(shape.reduce((count, size) => count * size))
    .to("float32")
    .mul(step)
    .sin()
    .view(shape);

/** Plain gradient descent. */
class Descent implements ScalableOptimizer {
  readonly groups: { params: Tensor[] }[];
  steps = 0;

  constructor(
    params: Tensor[],
    readonly lr = 0.05,
  ) {
    this.groups = [{ params }];
  }

  step() {
    this.steps++;
    torch.noGrad(() => {
      for (const parameter of this.groups[0].params) {
        parameter.add_(parameter.grad!, { alpha: -this.lr });
      }
    });
  }
}

const options = { initScale: 1024, growthFactor: 3, backoffFactor: 0.25, growthInterval: 3 };
const withGradient = (values: number[]) => {
  const w = torch.ones([values.length], { requiresGrad: true });
  w.grad = torch.tensor(values);
  return w;
};

test("twelve steps, two with infinities: scales, counts and weights are PyTorch's", (t) => {
  const weight = values([3, 2], 0.8).requiresGrad_();
  const optimizer = new Descent([weight]);
  const scaler = new torch.GradScaler("cpu", options);
  const [scales, trackers, taken]: unknown[][] = [[], [], []];
  for (let step = 0; step < 12; step++) {
    weight.grad = null;
    const x = values([4, 3], 0.4 + 0.1 * step);
    if (step === 3 || step === 8) x.index(1, 1).fill_(Infinity);
    scaler.scale(x.matmul(weight).pow(2).mean()).backward();
    if (step % 2 === 1) scaler.unscale_(optimizer);
    taken.push(scaler.step(optimizer));
    scaler.update();
    scales.push(scaler.getScale());
    trackers.push(scaler.stateDict()._growth_tracker);
    same(t, weight.detach(), expected.weights.index(step), `weights after step ${step}`, 1e-5);
  }
  t.deepEqual(scales, expected.scales.toArray());
  t.deepEqual(trackers, expected.trackers.toArray());
  t.deepEqual(
    taken.map((was, step) => (was ? null : step)).filter((step) => step !== null),
    [3, 8],
  );
  t.is(optimizer.steps, 10);
});

test("unscale_ divides the gradients, once, and the step uses what is left of them", (t) => {
  const w = withGradient([64, 128]);
  const scaler = new torch.GradScaler("cpu", { initScale: 64 });
  const optimizer = new Descent([w], 1);
  scaler.unscale_(optimizer);
  t.deepEqual(w.grad!.toArray(), [1, 2]);
  clipGradNorm_([w], 1e-3);
  t.true(scaler.step(optimizer));
  t.true(Math.abs(Number(w.sum().item()) - 2) < 2e-3);
});

test("NaN, infinity and their like leave a step out, for the one optimizer alone", (t) => {
  for (const bad of [NaN, Infinity, -Infinity]) {
    const [good, other] = [new Descent([withGradient([1])]), new Descent([withGradient([bad, 1])])];
    const scaler = new torch.GradScaler("cpu", options);
    t.deepEqual([scaler.step(good), scaler.step(other)], [true, false]);
    scaler.update();
    t.is(scaler.getScale(), 256);
    t.deepEqual([good.steps, other.steps], [1, 0]);
  }
});

test("gradients of several dtypes; of float16 they are refused", (t) => {
  const weights = (["float32", "bfloat16", "float64"] as const).map((dtype) => {
    const w = torch.ones([2], { dtype, requiresGrad: true });
    w.grad = torch.full([2], 64, { dtype });
    return w;
  });
  const scaler = new torch.GradScaler("cpu", { initScale: 64 });
  scaler.unscale_(new Descent(weights));
  t.deepEqual(
    weights.map(({ grad }) => grad!.toArray()),
    Array(3).fill([1, 1]),
  );
  const half = torch.ones([2], { dtype: "float16", requiresGrad: true });
  half.grad = torch.ones([2], { dtype: "float16" });
  t.throws(() => scaler.unscale_(new Descent([half])), { message: /float16.*float32/ });
});

test("a state goes on where it was", (t) => {
  const scaler = new torch.GradScaler("cpu", options);
  const optimizer = new Descent([withGradient([1])]);
  scaler.step(optimizer);
  scaler.update();
  const state = scaler.stateDict();
  t.deepEqual(state, {
    scale: 1024,
    growth_factor: 3,
    backoff_factor: 0.25,
    growth_interval: 3,
    _growth_tracker: 1,
  });
  const other = new torch.GradScaler("cpu");
  other.loadStateDict(JSON.parse(JSON.stringify(state)));
  t.deepEqual(other.stateDict(), state);
  for (let n = 0; n < 2; n++) {
    other.step(optimizer);
    other.update();
  }
  t.is(other.getScale(), 3072);
  t.throws(() => other.loadStateDict({}), { message: /missing are scale.*_growth_tracker/ });
});

test("update can set the scale, and the factors can be changed", (t) => {
  const scaler = new torch.GradScaler("cpu", options);
  scaler.update(2);
  t.is(scaler.getScale(), 2);
  scaler.setGrowthFactor(5);
  scaler.setGrowthInterval(1);
  scaler.setBackoffFactor(0.125);
  const { growth_factor, growth_interval, backoff_factor } = scaler.stateDict();
  t.deepEqual([growth_factor, growth_interval, backoff_factor], [5, 1, 0.125]);
  t.deepEqual(
    [scaler.getGrowthFactor(), scaler.getGrowthInterval(), scaler.getBackoffFactor()],
    [5, 1, 0.125],
  );
  scaler.step(new Descent([withGradient([1])]));
  scaler.update();
  t.is(scaler.getScale(), 10);
});

test("scale takes several tensors", (t) => {
  const scaler = new torch.GradScaler("cpu", { initScale: 4 });
  const [a, b] = scaler.scale([torch.ones([1]), torch.ones([1], { dtype: "float64" })]);
  t.deepEqual([a.item(), b.item(), a.dtype, b.dtype], [4, 4, "float32", "float64"]);
});

test("a scaler that is not enabled does nothing but the step", (t) => {
  const scaler = new torch.GradScaler("cpu", { enabled: false });
  const w = withGradient([Infinity]);
  const optimizer = new Descent([w]);
  const loss = torch.ones([1]);
  t.is(scaler.scale(loss), loss);
  scaler.unscale_(optimizer);
  t.true(scaler.step(optimizer));
  scaler.update();
  scaler.loadStateDict({});
  t.deepEqual([scaler.isEnabled(), scaler.getScale(), scaler.stateDict()], [false, 1, {}]);
  t.is(optimizer.steps, 1);
});

test("float16 training with AdamW learns, where unscaled gradients vanish", (t) => {
  const train = (initScale: number) => {
    torch.manualSeed(0);
    const w = torch.zeros([4, 1]).requiresGrad_();
    const optimizer = new AdamW([w], { lr: 0.05, weightDecay: 0 });
    const scaler = new torch.GradScaler("cpu", { initScale });
    for (let step = 0; step < 60; step++) {
      torch.scope(() => {
        const x = torch.randn([16, 4]);
        const loss = torch.autocast("cpu", { dtype: "float16" }, () =>
          x.matmul(w).sub(x.sum(1, true)).mul(1e-4).pow(2).mean(),
        );
        scaler.scale(loss).backward();
      });
      scaler.step(optimizer);
      scaler.update();
      optimizer.zeroGrad();
    }
    return torch.scope(() => Number(w.sub(1).abs().max().item()));
  };
  t.true(train(65536) < 0.2);
  t.true(train(1e-6) > 0.5);
});

test("a hundred steps leave no tensor", (t) => {
  const w = torch.ones([4], { requiresGrad: true });
  const optimizer = new Descent([w], 0);
  const scaler = new torch.GradScaler("cpu", options);
  const step = () => {
    torch.scope(() => scaler.scale(w.sum()).backward());
    scaler.step(optimizer);
    scaler.update();
  };
  torch.scope(step);
  const before = torch.memory();
  for (let n = 0; n < 100; n++) torch.scope(step);
  t.deepEqual(torch.memory(), before);
});

test("wrong calls say what is wrong", (t) => {
  const make = (given: object) => () => new torch.GradScaler("cpu", given);
  const wrong: [object, RegExp][] = [
    [{ initScale: 0 }, /'initScale': expected a positive number, given 0/],
    [{ growthFactor: 1 }, /'growthFactor': expected a number above 1, given 1/],
    [{ backoffFactor: 1 }, /'backoffFactor': expected a number between 0 and 1, given 1/],
    [{ growthInterval: 1.5 }, /'growthInterval': expected a positive integer, given 1.5/],
    [{ growth: 2 }, /initScale.*'growth'/],
  ];
  for (const [given, message] of wrong) t.throws(make(given), { instanceOf: TypeError, message });
  const scaler = new torch.GradScaler("cpu");
  const optimizer = new Descent([withGradient([1])]);
  t.throws(() => scaler.update(), { message: /update: expected a step/ });
  t.throws(() => scaler.step(new Descent([torch.ones([1])])), { message: /no parameter has one/ });
  scaler.unscale_(optimizer);
  t.throws(() => scaler.unscale_(optimizer), { message: /unscale_.*already/ });
  scaler.step(optimizer);
  t.throws(() => scaler.step(optimizer), { message: /step: was called.*already/ });
  t.throws(() => scaler.unscale_(optimizer), { message: /after step/ });
});
