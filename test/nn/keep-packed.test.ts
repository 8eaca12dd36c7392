import test from "ava";
import { keepPacked, Linear, Sequential } from "../../src/nn";
import * as torch from "../../src/torch";
import { strategies, vlBertCase } from "../adaptive/cases";
import { sameOutputs, setting } from "../adaptive/support";

test.before(() => {
  const sizes = ["small", "medium", "large"];
  torch.matrixProducts.choose(
    Object.fromEntries(sizes.map((size) => [`float32 forward ${size}`, "packed"])),
  );
});

for (const name of ["SpotTune", "SpotTune_Block"]) {
  test(`${name} gives the same to the bit with packed weights`, (t) => {
    const strategy = strategies.find((one) => one.name === name)!;
    const { adapted, inputs } = setting(vlBertCase, strategy, { dtype: "float32" });
    const decisions = adapted.sites.map((_, n) => n % 2);
    const run = () => torch.noGrad(() => adapted.eval().forward(inputs, { decisions }));
    const expected = run();
    using packed = keepPacked(adapted);
    t.true(packed.bytes > 0);
    sameOutputs(t, run(), expected, 0);
  });
}

for (const [inputs, outputs] of [
  [40, 33],
  [7, 64],
  [2100, 70], // more inputs than a product sums up at a time
]) {
  test(`a layer ${inputs} -> ${outputs} gives the same to the bit, and its gradient`, (t) => {
    const layer = new Linear(inputs, outputs);
    const x = torch.randn([19, inputs]).requiresGrad_();
    const run = () => {
      const y = layer.forward(x);
      return [y, ...torch.grad([y.square().sum()], [x, layer.weight])];
    };
    const expected = run();
    using packed = keepPacked(layer);
    t.true(packed.bytes >= layer.weight.numel() * 4);
    for (const [n, found] of run().entries()) t.true(torch.equal(found!, expected[n]!), `${n}`);
  });
}

test("a weight that changes is seen, and can be packed again", (t) => {
  const layer = new Linear(16, 32);
  const x = torch.randn([3, 16]);
  const run = () => torch.noGrad(() => layer.forward(x));
  const same = () => {
    const plain = torch.noGrad(() => layer.clone().forward(x));
    return torch.equal(run(), plain);
  };
  using _first = keepPacked(layer);
  t.true(same());
  torch.noGrad(() => layer.weight.mul_(2));
  t.true(same());
  using _second = keepPacked(layer);
  t.true(same());
});

test("packed weights are released once, and die with their model", (t) => {
  const model = new Sequential(new Linear(8, 32), new Linear(32, 8));
  const x = torch.randn([2, 8]);
  const expected = torch.noGrad(() => model.forward(x) as torch.Tensor);
  const packed = keepPacked(model);
  packed.release();
  packed.release();
  t.true(
    torch.equal(
      torch.noGrad(() => model.forward(x) as torch.Tensor),
      expected,
    ),
  );

  // What takes the place of a dead weight in memory has panels of its own.
  for (let n = 0; n < 20; n++) {
    torch.scope(() => {
      const layer = new Linear(64, 64);
      const y = torch.noGrad(() => layer.forward(torch.ones([1, 64])));
      const held = keepPacked(layer);
      t.true(
        torch.equal(
          torch.noGrad(() => layer.forward(torch.ones([1, 64]))),
          y,
        ),
      );
      if (n % 2) held.release();
    });
  }
});

test("other weights are left alone", (t) => {
  t.is(keepPacked(new Linear(8, 8).to("float64")).bytes, 0);
  t.is(keepPacked(new Sequential()).bytes, 0);
  const wrong = torch.ops.adaptune.keep_packed as (weights: unknown) => number;
  t.throws(() => wrong([torch.ones([2, 2], { dtype: "float64" })]), { message: /'weights\[0\]'/ });
  t.throws(() => wrong([torch.ones([2])]), { message: /expected a contiguous float32 weight/ });
});
