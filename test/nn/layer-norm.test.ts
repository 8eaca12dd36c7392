import test from "ava";
import { Dropout, Identity, LayerNorm } from "../../src/nn";
import * as torch from "../../src/torch";
import { matchesReference } from "./support";

test("output and gradients are PyTorch's", (t) => {
  matchesReference(t, new LayerNorm(6, { eps: 1e-12 }), "layer_norm");
  matchesReference(t, new LayerNorm([3, 6], { elementwiseAffine: false }), "layer_norm_2d");
});

test("starts at the identity", (t) => {
  const { weight, bias } = new LayerNorm(3);
  t.deepEqual(weight?.toArray(), [1, 1, 1]);
  t.deepEqual(bias?.toArray(), [0, 0, 0]);
  t.is(new LayerNorm(3, { bias: false }).bias, null);
});

test("the norm of a sum with dropout is that of its parts, and leaves hooks in place", (t) => {
  const [norm, drop] = [new LayerNorm(5), new Dropout(0.4)];
  const [x, residual] = [torch.randn([3, 5]), torch.randn([3, 5])];
  const inParts = () => norm.forward(residual.add(drop.forward(x)));
  const seeded = (fn: () => torch.Tensor) => {
    torch.manualSeed(2);
    return fn();
  };
  const fused = () => norm.ofSum(x, residual, drop);
  const expected = seeded(inParts);
  t.true(torch.allclose(seeded(fused), expected, 1e-5, 1e-5));
  let calls = 0;
  for (const module of [norm, drop]) {
    using _hook = module.registerForwardHook(() => void calls++);
    t.true(torch.allclose(seeded(fused), expected, 1e-5, 1e-5));
  }
  t.is(calls, 2);
  const identity = new Identity();
  t.true(
    torch.allclose(norm.ofSum(x, residual, identity), norm.forward(residual.add(x)), 1e-5, 1e-5),
  );
  const plane = new LayerNorm([3, 5]);
  t.true(torch.equal(plane.ofSum(x, residual, drop.eval()), plane.forward(residual.add(x))));
});
