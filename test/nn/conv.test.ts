import test from "ava";
import { Conv2d, functional } from "../../src/nn";
import * as torch from "../../src/torch";
import { close, given, matchesReference } from "./support";

test("windows side by side", (t) => {
  matchesReference(t, new Conv2d(3, 4, 2, { stride: 2 }), "conv2d");
});

test("with padding, without bias", (t) => {
  const conv = new Conv2d(2, 3, 3, { padding: 1, bias: false });
  t.is(conv.bias, null);
  matchesReference(t, conv, "conv2d_padded");
});

test("it starts where PyTorch's starts", (t) => {
  torch.manualSeed(11);
  const conv = new Conv2d(3, 4, 2);
  close(t, conv.weight, given("init.conv2d.weight"), "weight");
  close(t, conv.bias!, given("init.conv2d.bias"), "bias");
});

test("its products are counted", (t) => {
  const x = torch.randn([2, 3, 6, 4]);
  const { flops } = functional.countFlops(() => new Conv2d(3, 5, 2, { stride: 2 }).forward(x));
  t.is(flops, 2 * (2 * 5 * 3 * 2) * (3 * 2 * 2));
});
