import test from "ava";
import {
  AttentionSegment,
  Block,
  FeedForwardSegment,
  Lxmert,
  LxmertConfig,
  LxmertCrossLayer,
  LxmertForPreTraining,
  LxmertForQuestionAnswering,
  LxmertForVisualReasoning,
} from "../../src/models";
import { functional } from "../../src/nn";
import * as torch from "../../src/torch";
import { below, distance, gradientDistance, gradientsOf, weightedSum } from "../reference/load";
import { assertRounding, GRADIENT, OUTPUT, rounding } from "../rounding";
import { config, referenceInputs, values, withReferenceWeights } from "./lxmert-support";

test("answers and their gradients are those of transformers", (t) => {
  const model = withReferenceWeights(new LxmertForQuestionAnswering(config));
  const { logits } = model.forward(referenceInputs());
  const off = distance(logits, values["answers.out.logits"]);
  assertRounding(t, off, rounding("float32", OUTPUT), "logits");
  weightedSum(logits).backward();
  const gradient = gradientDistance(gradientsOf(model), below(values, "answers.grad"));
  assertRounding(
    t,
    gradient.off,
    rounding("float32", GRADIENT),
    `the gradient of ${gradient.name}`,
  );
});

test("the cross-attention's one module serves both directions", (t) => {
  const [layer] = new LxmertForQuestionAnswering(config).lxmert.encoder.x_layers;
  const { visual_attention } = layer;
  const calls: number[][] = [];
  const forward = visual_attention.forward.bind(visual_attention);
  visual_attention.forward = (hidden, mask, context) => {
    calls.push([hidden.shape[1], context!.shape[1]]);
    return forward(hidden, mask, context);
  };
  layer.forward(torch.randn([2, 6, 8]), torch.randn([2, 4, 8]));
  t.deepEqual(calls, [
    [6, 4],
    [4, 6],
  ]);
});

test("blocks, segments and heads are addressable: 9 + 5 + 5 blocks hold 53 segments", (t) => {
  const small = { hidden_size: 24, num_attention_heads: 12, intermediate_size: 8, vocab_size: 5 };
  const model = new Lxmert(new LxmertConfig(small));
  const modules = model.namedModules();
  const paths = (kind: typeof Block | typeof AttentionSegment | typeof FeedForwardSegment) =>
    modules.filter(([, module]) => module instanceof kind).map(([path]) => path);
  t.is(paths(Block).length, 19);
  t.is(paths(AttentionSegment).length + paths(FeedForwardSegment).length, 14 * 2 + 5 * 5);
  const heads = modules
    .filter(([, module]) => module instanceof AttentionSegment)
    .reduce((sum, [, module]) => sum + (module as AttentionSegment).self.heads, 0);
  t.is(heads + 29 + 2 * 24, 425); // attention outputs; intermediate and output layers
  t.deepEqual(
    paths(AttentionSegment).filter((path) => path.startsWith("encoder.x_layers.2.")),
    ["visual_attention", "lang_self_att", "visn_self_att"].map(
      (name) => `encoder.x_layers.2.${name}`,
    ),
  );
  t.true(model.getModule("encoder.x_layers.2.langFeedForward") instanceof FeedForwardSegment);
});

test("names in a crossing block are those of checkpoints", (t) => {
  const names = Object.keys(new LxmertCrossLayer(config).stateDict()).filter((name) =>
    name.endsWith("weight"),
  );
  t.deepEqual(names, [
    ...["att.query", "att.key", "att.value", "output.dense", "output.LayerNorm"].map(
      (name) => `visual_attention.${name}.weight`,
    ),
    ...["lang", "visn"].flatMap((stream) =>
      ["self.query", "self.key", "self.value", "output.dense", "output.LayerNorm"].map(
        (name) => `${stream}_self_att.${name}.weight`,
      ),
    ),
    ...["lang", "visn"].flatMap((stream) =>
      ["inter.dense", "output.dense", "output.LayerNorm"].map((name) => `${stream}_${name}.weight`),
    ),
  ]);
});

test("sizes add up: the base has 473 tensors and 228.05 million numbers", (t) => {
  const numbers = (size: LxmertConfig) => {
    const [d, wide, features] = [size.hidden_size, size.intermediate_size, size.visual_feat_dim];
    const dense = (from: number, to: number) => from * to + to;
    const norm = 2 * d;
    const attention = 4 * dense(d, d) + norm;
    const feedForward = dense(d, wide) + dense(wide, d) + norm;
    const rows = size.vocab_size + size.max_position_embeddings + size.type_vocab_size;
    const places = dense(size.visual_pos_dim, d);
    const embeddings = rows * d + dense(features, d) + places + 3 * norm;
    const transform = dense(d, d) + norm;
    const labels = [size.num_object_labels, size.num_attr_labels, features];
    return [
      embeddings + dense(d, d), // the pooler's
      (size.l_layers + size.r_layers) * (attention + feedForward),
      size.x_layers * (3 * attention + 2 * feedForward),
      transform + size.vocab_size + dense(d, 2), // words and match
      transform + labels.reduce((sum, count) => sum + dense(d, count), 0),
      dense(d, 2 * d) + 2 * norm + dense(2 * d, size.num_qa_labels),
    ].reduce((sum, count) => sum + count, 0);
  };
  t.is(new LxmertForPreTraining(config).numParameters(), numbers(config));
  t.is(Math.round(numbers(new LxmertConfig()) / 1e4), 22805);
  const narrow = new LxmertConfig({ ...config, l_layers: 9, r_layers: 5, x_layers: 5 });
  t.is(Object.keys(new LxmertForPreTraining(narrow).stateDict()).length, 473);
});

test("an image without regions gives the same whatever the padding holds", (t) => {
  const model = withReferenceWeights(new LxmertForQuestionAnswering(config)).lxmert.eval();
  const inputs = referenceInputs();
  inputs.regionMask!.select(0, 1).fill_(0);
  const before = model.forward(inputs);
  inputs.regionFeatures.select(0, 1).fill_(7);
  const after = model.forward(inputs);
  t.true(torch.isfinite(before.pooled).all().item() as boolean);
  t.true(distance(before.pooled, after.pooled) <= rounding("float32", OUTPUT));
});

test("both streams embedded as one, with their masks", (t) => {
  const model = withReferenceWeights(new LxmertForQuestionAnswering(config)).lxmert.eval();
  const inputs = referenceInputs();
  const { hidden, mask } = model.embed(inputs);
  t.deepEqual(hidden.shape, [3, 10, 8]);
  const { language, vision } = model.embedStreams(inputs);
  t.true(torch.equal(hidden.narrow(1, 0, 6), language));
  t.true(torch.equal(hidden.narrow(1, 6, 4), vision));
  const present = torch.cat([inputs.attentionMask!, inputs.regionMask!], 1).to("bool");
  t.true(torch.equal(mask.squeeze(1).squeeze(1).eq(0), present));
  const open = model.embed({ ...inputs, attentionMask: null, regionMask: null });
  t.is(open.mask.abs().max().item(), 0);
});

test("a statement about two images is judged by both pooled outputs", (t) => {
  torch.manualSeed(2);
  const model = new LxmertForVisualReasoning(config).eval();
  const inputs = referenceInputs();
  const pair = (name: "regionFeatures" | "regionBoxes" | "regionMask") =>
    torch.stack([inputs[name]!, inputs[name]!.flip([1])], 1);
  const both = {
    ...inputs,
    regionFeatures: pair("regionFeatures"),
    regionBoxes: pair("regionBoxes"),
    regionMask: pair("regionMask"),
  };
  const { pooled, logits } = model.forward(both);
  const alone = [0, 1].map((image) =>
    model.lxmert.forward({
      ...inputs,
      regionFeatures: both.regionFeatures.select(1, image),
      regionBoxes: both.regionBoxes.select(1, image),
      regionMask: both.regionMask.select(1, image),
    }),
  );
  const expected = torch.cat(
    alone.map((outputs) => outputs.pooled),
    1,
  );
  t.true(distance(pooled, expected) <= rounding("float32", OUTPUT));
  t.deepEqual(logits.shape, [3, 2]);
  t.true(distance(logits, model.logit_fc.forward(pooled)) <= rounding("float32", OUTPUT));
  t.deepEqual(model.embed(both).hidden.shape, [3, 6 + 2 * 4, 8]);
  t.deepEqual(model.embed(both).mask.shape, [3, 1, 1, 14]);
});

test("a text longer than the positions is refused", (t) => {
  const inputIds = torch.zeros([3, 11], { dtype: "int64" });
  const inputs = { ...referenceInputs(), inputIds, tokenTypeIds: null, attentionMask: null };
  t.throws(() => new Lxmert(config).forward(inputs), { message: /max_position_embeddings is 10/ });
});

test("the products of a forward are counted, of padding too where it is computed", (t) => {
  const model = new Lxmert(config);
  const flopsOf = (run: () => unknown) => functional.countFlops(run).flops;
  const [d, wide] = [8, 12];
  const attention = (s: number, context = s) =>
    2 * (2 * s + 2 * context) * d * d + 4 * s * context * d;
  const feedForward = (s: number) => 4 * s * d * wide;
  const block = (s: number) => attention(s) + feedForward(s);
  const cross = (words: number, regions: number) =>
    attention(words, regions) + attention(regions, words) + block(words) + block(regions);
  const embedded = 2 * 4 * (6 + 4) * d; // padded
  const lengths = [
    [6, 4],
    [4, 3],
    [5, 1],
  ];
  const expected = ([words, regions]: number[]) =>
    2 * block(words) + block(regions) + 2 * cross(words, regions) + embedded + 2 * d * d;
  const [first, second, third] = lengths.map(expected);
  t.is(
    flopsOf(() => model.read(referenceInputs())),
    first + second + third,
  );
  t.is(
    flopsOf(() => model.forward(referenceInputs())),
    3 * first,
  );
});
