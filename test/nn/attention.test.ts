import test, { type ExecutionContext } from "ava";
import { functional, MultiHeadAttention } from "../../src/nn";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { below, reference, weightedSum } from "../reference/load";
import { close } from "./support";

const values = reference("nn");

/** PyTorch's module ends with an output projection, which ours leaves to what follows. */
function matches(t: ExecutionContext, name: string, projections: string[], mask?: Tensor): void {
  const given = below(values, name);
  const width = given.context?.shape[2] ?? 8;
  const attention = new MultiHeadAttention(8, 2, { contextSize: width }).to("float64");
  const biases = given.in_proj_bias.chunk(3);
  torch.noGrad(() => {
    for (const [n, part] of [attention.query, attention.key, attention.value].entries()) {
      const whole = given[projections[n]];
      part.weight.copy_(projections[0] === projections[1] ? whole.chunk(3)[n] : whole);
      part.bias!.copy_(biases[n]);
    }
  });
  const x = given.x.clone().requiresGrad_();
  const context = given.context?.clone().requiresGrad_();
  const heads = attention.forward(x, mask, context);
  const out = torch.linear(heads, given["out_proj.weight"], given["out_proj.bias"]);
  close(t, out, given.out, `${name}.out`);
  weightedSum(out).backward();
  const gradients = below(given, "grad");
  const parts = [attention.query, attention.key, attention.value];
  close(t, x.grad!, gradients.x, "x");
  if (context) close(t, context.grad!, gradients.context, "context");
  const expected = [...new Set(projections)].map((projection) => gradients[projection]);
  if (context) {
    for (const [n, part] of parts.entries())
      close(t, part.weight.grad!, expected[n], `weight ${n}`);
  } else {
    close(t, torch.cat(parts.map((part) => part.weight.grad!)), expected[0], "weights");
  }
  close(t, torch.cat(parts.map((part) => part.bias!.grad!)), gradients.in_proj_bias, "biases");
}

const PACKED = ["in_proj_weight", "in_proj_weight", "in_proj_weight"];

test("self-attention is PyTorch's", (t) => {
  matches(t, "attention", PACKED);
});

test("masked attention is PyTorch's, by a boolean and by an added mask", (t) => {
  const attend = values["attention_masked.attend"].view([3, 1, 1, 5]);
  matches(t, "attention_masked", PACKED, attend);
  const added = torch
    .zeros([3, 1, 1, 5], { dtype: "float64" })
    .maskedFill(attend.logicalNot(), -Infinity);
  matches(t, "attention_masked", PACKED, added);
});

test("attention to another sequence is PyTorch's", (t) => {
  matches(t, "cross_attention", ["q_proj_weight", "k_proj_weight", "v_proj_weight"]);
});

test("attention weights drop in training alone", (t) => {
  torch.manualSeed(2);
  const attention = new MultiHeadAttention(8, 2, { dropout: 0.5 });
  const x = torch.randn([2, 5, 8]);
  const run = () => attention.forward(x).sum().item();
  t.not(run(), run());
  attention.eval();
  t.is(run(), run());
});

test("its products are counted", (t) => {
  const attention = new MultiHeadAttention(8, 2);
  const { flops } = functional.countFlops(() => attention.forward(torch.randn([3, 5, 8])));
  t.is(flops, 3 * (3 * 2 * 5 * 8 * 8 + 2 * 2 * 5 * 5 * 8));
});

test("heads that do not divide the width are refused", (t) => {
  t.throws(() => new MultiHeadAttention(8, 3), { message: /3 attention heads do not divide/ });
});
