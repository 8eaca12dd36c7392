import test from "ava";
import { LayerNorm } from "../../src/nn";
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
