import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type * as GPTExample from "../../examples/gpt";
import type * as ResNetExample from "../../examples/resnet";
import type * as Torch from "../../src/torch";
import { assertRounding, GRADIENT, roundingBetween, type Sum } from "../rounding";
import { fill, formula } from "./formula";

const { refreshDist } = require("../../setup/dist") as { refreshDist(root: string): number };

// Examples use the package by its name, compiled: its tensors are of other classes than those of src/.
refreshDist(join(__dirname, "..", ".."));
const torch = require("adaptune/torch") as typeof Torch;
const { ResNet } = require("../../examples/resnet") as typeof ResNetExample;
const { GPT, generate } = require("../../examples/gpt") as typeof GPTExample;
const values = torch.load(join(__dirname, "../reference/examples.safetensors"));

function close(t: ExecutionContext, actual: Torch.Tensor, name: string, sum: Sum = GRADIENT): void {
  const expected = values[name];
  t.deepEqual(actual.shape, expected.shape, name);
  const off = actual.sub(expected).abs().max().item() / Math.max(1, expected.abs().max().item());
  assertRounding(t, off, roundingBetween(actual, expected, sum), name);
}

// In training the last stage normalises the two values of a channel, one for each image: a norm of
// two values that are alike magnifies what they differ by up to 1 / sqrt(eps) = 316 times, and so
// do the next ones.
const NORMED: Sum = { ...GRADIENT, terms: 512 * 9, condition: 316 ** 2 };

test("ResNet-18 is PyTorch's: names, logits in both modes, gradients, statistics", (t) => {
  const model = new ResNet({ width: 4, classes: 5 });
  model.to("float64");
  const names = Buffer.from(values["resnet.names"].toArray<number[]>()).toString().split("\n");
  t.deepEqual(Object.keys(model.stateDict()).sort(), names.sort());
  fill(torch, model);
  const images = formula(torch, "images", [2, 3, 32, 32]);
  close(t, model.eval().forward(images), "resnet.eval");
  const out = model.train().forward(images);
  close(t, out, "resnet.train", NORMED);
  torch.crossEntropyLoss(out, torch.tensor([1, 3], { dtype: "int64" })).backward();
  const state = model.stateDict();
  for (const name of ["conv1.weight", "layer2.0.downsample.1.weight", "fc.bias"]) {
    close(t, state[name].grad!, `resnet.grad.${name}`, NORMED);
  }
  for (const name of ["bn1.running_mean", "layer4.1.bn2.running_var"]) {
    close(t, state[name], `resnet.after.${name}`);
  }
});

const config = { vocabulary: 23, positions: 16, width: 12, layers: 2, heads: 3 };

test("the decoder is transformers' GPT-2: logits and gradients", (t) => {
  const model = new GPT(config);
  model.to("float64");
  fill(torch, model);
  const ids = values["gpt.ids"];
  const { logits } = model.forward(ids);
  close(t, logits, "gpt.logits");
  const before = logits.index(torch.slice(), torch.slice(0, -1)).flatten(0, 1);
  torch.crossEntropyLoss(before, ids.index(torch.slice(), torch.slice(1)).flatten()).backward();
  const state = model.stateDict();
  for (const name of ["wte.weight", "h.0.attn.c_attn.weight", "h.1.mlp.c_fc.bias"]) {
    close(t, state[name].grad!, `gpt.grad.${name}`);
  }
});

test("a cache changes nothing: pieces of a text give the logits of the whole", (t) => {
  const model = new GPT(config);
  model.to("float64");
  fill(torch, model);
  const [first, second] = torch.split(values["gpt.ids"], [2, 3], 1);
  const { logits: one, cache } = model.forward(first);
  const { logits: two, cache: after } = model.forward(second, cache);
  close(t, torch.cat([one, two], 1), "gpt.logits");
  t.deepEqual(after[0][0].shape, [2, 3, 5, 4]);
});

test("continuations with the cache are those without one, greedy and sampled by seed", (t) => {
  const model = new GPT(config);
  model.to("float64").eval();
  fill(torch, model);
  const ids = values["gpt.ids"];
  const greedy = generate(model, ids, { count: 8, temperature: 0 });
  t.deepEqual(greedy.toArray(), values["gpt.greedy"].toArray());
  torch.manualSeed(3);
  const sampled = generate(model, ids, { count: 8, temperature: 0.7, topK: 6 });
  t.deepEqual(sampled.toArray(), values["gpt.sampled"].toArray());
});
