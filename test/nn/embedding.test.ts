import test from "ava";
import { Embedding } from "../../src/nn";
import * as torch from "../../src/torch";
import { close, given, matchesReference } from "./support";

test("output and gradients are PyTorch's", (t) => {
  matchesReference(t, new Embedding(7, 4), "embedding", "ids");
  matchesReference(t, new Embedding(7, 4, { paddingIdx: -1 }), "embedding_padded", "ids");
});

test("initial weights of a seed are PyTorch's, zero in the padding row", (t) => {
  torch.manualSeed(11);
  const { weight } = new Embedding(9, 5, { paddingIdx: 2 });
  close(t, weight, given("init.embedding.weight"), "weight", 1e-7);
  t.is(weight.select(0, 2).abs().sum().item(), 0);
});

test("a padding row that is none is refused", (t) => {
  t.throws(() => new Embedding(7, 4, { paddingIdx: 7 }), { instanceOf: RangeError });
});
