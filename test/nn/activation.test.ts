import test from "ava";
import { GELU, Identity, ReLU, Tanh } from "../../src/nn";
import * as torch from "../../src/torch";
import { matchesReference } from "./support";

test("outputs and gradients are PyTorch's", (t) => {
  matchesReference(t, new GELU(), "gelu");
  matchesReference(t, new ReLU(), "relu");
  matchesReference(t, new Tanh(), "tanh");
});

test("the identity gives back its first argument itself", (t) => {
  const x = torch.ones([2]);
  t.is(new Identity().forward(x, torch.zeros([2])), x);
});
