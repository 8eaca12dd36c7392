import test from "ava";
import {
  AttentionSegment,
  Block,
  FeedForwardSegment,
  ViT,
  ViTConfig,
  ViTForImageClassification,
  type ViTInputs,
} from "../../src/models";
import { functional, Identity, type Module } from "../../src/nn";
import type { DType, Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { below, distance, gradientDistance, gradientsOf, weightedSum } from "../reference/load";
import { assertRounding, modelRounding } from "../rounding";
import { encoderReference } from "./encoder-support";

const { values, weights, config: stored, inputs } = encoderReference("vit");
const config = new ViTConfig(ViT.readConfig(stored));
const images = (dtype: DType = "float32") => inputs(dtype) as unknown as ViTInputs;

for (const [dtype, outputs, gradients] of modelRounding) {
  for (const [kind, make] of [
    ["base", () => new ViT(config)],
    ["classes", () => new ViTForImageClassification(config)],
  ] as const) {
    test(`outputs and gradients are those of transformers, ${kind}, in ${dtype}`, (t) => {
      const model = make().to(dtype);
      const state = Object.fromEntries(
        Object.keys(model.stateDict()).map((name) => [name, weights[name.replace(/^vit\./, "")]]),
      );
      model.loadStateDict(state);
      const given = model.forward(images(dtype)) as Record<string, Tensor>;
      const expected = below(values, `${kind}.out`);
      for (const [name, tensor] of Object.entries(expected)) {
        const off = distance(given[name], tensor);
        assertRounding(t, off, outputs, `${name}`);
      }
      const sum = Object.keys(expected).map((name) => weightedSum(given[name]));
      sum.reduce((a, b) => a.add(b)).backward();
      const { name, off } = gradientDistance(gradientsOf(model), below(values, `${kind}.grad`));
      assertRounding(t, off, gradients, `the gradient of ${name}`);
    });
  }
}

test("names in the state are those of checkpoints", (t) => {
  const names = Object.keys(new ViT(config).stateDict());
  const expected = Object.keys(weights).filter((name) => !name.startsWith("classifier."));
  t.deepEqual(names.sort(), expected.sort());
});

test("blocks and both their segments can be addressed and replaced", (t) => {
  const model = new ViT(config).eval();
  const count = (kind: abstract new () => Module) =>
    model.namedModules().filter(([, module]) => module instanceof kind).length;
  t.deepEqual([Block, AttentionSegment, FeedForwardSegment].map(count), [2, 2, 2]);
  const [block] = model.encoder.layer;
  const hidden = torch.randn([2, 3, 8]);
  const attended = block.attention.forward(hidden);
  model.setModule("encoder.layer.0.feedForward", new Identity());
  t.true(torch.equal(block.forward(hidden), attended));
});

test("queries, keys and values go without biases where the configuration says so", (t) => {
  const model = new ViT(new ViTConfig({ ...config, qkv_bias: false }));
  const names = Object.keys(model.stateDict());
  t.false(names.includes("encoder.layer.0.attention.attention.query.bias"));
  t.true(names.includes("encoder.layer.0.attention.output.dense.bias"));
});

test("images of another size are refused, patches that do not fill one too", (t) => {
  t.throws(() => new ViT(config).forward({ pixelValues: torch.zeros([1, 3, 8, 6]) }), {
    message: "images are [3,8,6], the configuration's are [3,6,6]",
  });
  t.throws(() => new ViTConfig({ image_size: 30 }), { message: /patch_size: must divide/ });
});

test("the embeddings are those of the whole, and their products are counted", (t) => {
  const model = new ViT(config).eval();
  const { hidden, mask } = model.embed(images());
  t.deepEqual(
    [hidden.shape, mask.shape],
    [
      [2, 10, 8],
      [2, 1, 1, 10],
    ],
  );
  const { flops } = functional.countFlops(() => model.embed(images()));
  t.is(flops, 2 * 2 * 9 * (3 * 2 * 2) * 8);
});
