import test from "ava";
import { Linear } from "../../src/nn";
import * as torch from "../../src/torch";
import { close, given, matchesReference } from "./support";

test("output and gradients are PyTorch's", (t) => {
  matchesReference(t, new Linear(5, 3), "linear");
  matchesReference(t, new Linear(5, 3, { bias: false }), "linear_no_bias");
});

test("initial weights of a seed are PyTorch's", (t) => {
  torch.manualSeed(11);
  const { weight, bias } = new Linear(20, 7);
  close(t, weight, given("init.linear.weight"), "weight", 1e-7);
  close(t, bias!, given("init.linear.bias"), "bias", 1e-7);
});

test("without a bias there is one weight", (t) => {
  t.deepEqual(Object.keys(new Linear(5, 3, { bias: false }).stateDict()), ["weight"]);
});
