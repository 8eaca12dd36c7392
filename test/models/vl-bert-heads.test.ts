import test from "ava";
import {
  VLBertConfig,
  VLBertForPreTraining,
  VLBertForQuestionAnswering,
  VLBertForReferringExpressions,
  VLBertForVisualCommonsense,
  type VLBertPreTrainingInputs,
  vlBertPreTrainingLoss,
} from "../../src/models";
import type { Module } from "../../src/nn";
import type { DType, Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import {
  below,
  distance,
  gradientDistance,
  gradientsOf,
  reference,
  weightedSum,
} from "../reference/load";
import { assertRounding, modelRounding, OUTPUT, rounding } from "../rounding";
import { config as answering } from "./support";

const values = reference("vl-bert-heads");
const config = new VLBertConfig({ ...answering, visual_region_classes: 7 });
const LENGTHS = [6, 4, 5];
const REGIONS = [4, 3, 2];

/** Gives a model the weights of the reference script, its own head's from "<head>.weight". */
function withWeights<M extends Module>(model: M, dtype: DType, head = "none"): M {
  const given = { ...below(values, "weight"), ...below(values, `${head}.weight`) };
  const own = Object.keys(model.stateDict());
  const fits = Object.entries(given).filter(([name]) => own.includes(name));
  const { missing } = model.to(dtype).loadStateDict(Object.fromEntries(fits), { strict: false });
  if (missing.length > 0) throw new Error(`not in the reference: ${missing.join(", ")}`);
  return model;
}

function inputs(dtype: DType): Record<keyof VLBertPreTrainingInputs, Tensor> {
  const entries = Object.entries(below(values, "input")).map(([name, tensor]): [string, Tensor] => [
    name,
    (tensor.isFloatingPoint() ? tensor.to(dtype) : tensor).clone(),
  ]);
  return Object.fromEntries(entries) as Record<keyof VLBertPreTrainingInputs, Tensor>;
}

/** The gradients of what a model shares with the one for pre-training. */
function sharedGradients(model: Module, expected: Readonly<Record<string, Tensor>>) {
  const own = Object.entries(gradientsOf(model)).filter(([name]) => !name.startsWith("final_mlp."));
  return gradientDistance(Object.fromEntries(own), expected);
}

for (const [dtype, outputs, gradients] of modelRounding) {
  test(`masked words, masked regions and relationship by the paper, in ${dtype}`, (t) => {
    const model = withWeights(new VLBertForPreTraining(config), dtype);
    const { wordRegions: _, ...given } = inputs(dtype);
    given.regionMask.select(0, 2).fill_(0); // a text without an image
    const { wordLogits, regionLogits, relationshipLogits } = model.forward(given);
    const parts = LENGTHS.flatMap((length, row) => [
      [wordLogits.select(0, row).narrow(0, 0, length), values[`pre.out.words.${row}`]] as const,
      ...(row < 2
        ? [
            [
              regionLogits.select(0, row).narrow(0, 0, REGIONS[row]),
              values[`pre.out.regions.${row}`],
            ] as const,
          ]
        : []),
    ]);
    const all = [...parts, [relationshipLogits, values["pre.out.relationship"]] as const];
    for (const [actual, expected] of all) {
      const off = distance(actual, expected);
      assertRounding(t, off, outputs, `[${expected.shape}]`);
    }
    all
      .map(([actual]) => weightedSum(actual))
      .reduce((a, b) => a.add(b))
      .backward();
    const { name, off } = sharedGradients(model, below(values, "pre.grad"));
    assertRounding(t, off, gradients, `the gradient of ${name}`);
  });

  test(`scores of regions by the paper, in ${dtype}`, (t) => {
    const model = withWeights(new VLBertForReferringExpressions(config), dtype, "finding");
    const { maskedRegions: _, ...given } = inputs(dtype);
    const { logits } = model.forward(given);
    const rows = REGIONS.map((count, row) => logits.select(0, row).narrow(0, 0, count));
    for (const [row, scores] of rows.entries()) {
      const off = distance(scores, values[`finding.out.${row}`]);
      assertRounding(t, off, outputs, `scores of row ${row}`);
    }
    t.is(logits.select(0, 2).select(0, 3).item(), -10_000);
    rows
      .map(weightedSum)
      .reduce((a, b) => a.add(b))
      .backward();
    const { name, off } = sharedGradients(model, below(values, "finding.grad"));
    assertRounding(t, off, gradients, `the gradient of ${name}`);
  });

  test(`scores of choices by the paper, in ${dtype}`, (t) => {
    const model = withWeights(new VLBertForVisualCommonsense(config), dtype, "choosing");
    const { regionFeatures, regionBoxes, regionMask } = inputs(dtype);
    const texts = below(values, "choices") as { inputIds: Tensor };
    const given = { regionFeatures, regionBoxes, regionMask, ...texts };
    const { logits, pooled } = model.forward(given);
    t.deepEqual(pooled.shape, [3, 2, 16]);
    const off = distance(logits, values["choosing.out"]);
    assertRounding(t, off, outputs, `scores`);
    weightedSum(logits).backward();
    const gradient = sharedGradients(model, below(values, "choosing.grad"));
    assertRounding(t, gradient.off, gradients, `the gradient of ${gradient.name}`);
    const { hidden, mask } = model.embed(given);
    t.deepEqual(
      [hidden.shape, mask.shape],
      [
        [3, 22, 16],
        [3, 1, 1, 22],
      ],
    );
  });
}

test("the loss is the sum of what is predicted where it is", (t) => {
  const model = withWeights(new VLBertForPreTraining(config), "float64");
  const { wordRegions: _, ...given } = inputs("float64");
  given.regionMask.select(0, 2).fill_(0);
  const outputs = model.forward(given);
  const off = distance(vlBertPreTrainingLoss(outputs, below(values, "label")), values.loss);
  assertRounding(t, off, rounding("float64", OUTPUT), "the loss");
  t.is(vlBertPreTrainingLoss(outputs, {}).item(), 0);
});

test("names of pre-training are those of checkpoints", (t) => {
  const names = Object.keys(new VLBertForPreTraining(config).stateDict());
  t.deepEqual(
    names.sort(),
    [...Object.keys(below(values, "weight")), "vlbert.mlm_head.predictions.decoder.weight"].sort(),
  );
});

test("hidden regions are those whose features do not matter", (t) => {
  const model = withWeights(new VLBertForPreTraining(config), "float32").eval();
  const given = inputs("float32");
  const before = model.forward(given).hidden;
  given.regionFeatures.select(0, 0).select(0, 1).fill_(3); // masked
  t.true(torch.equal(model.forward(given).hidden, before));
  given.regionFeatures.select(0, 0).select(0, 2).fill_(3);
  t.false(torch.equal(model.forward(given).hidden, before));
});

test("pre-training starts with features hidden by zeros and one embedding for both ends", (t) => {
  const model = new VLBertForPreTraining(config);
  t.is(model.object_mask_visual_embedding.weight.abs().max().item(), 0);
  t.is(model.vlbert.mlm_head.predictions.decoder.weight, model.vlbert.word_embeddings.weight);
  t.is(model.vlbert.visual_ln_text.weight!.abs().max().item(), 0);
});

test("answers start at the mean embedding of their pieces", (t) => {
  const model = new VLBertForQuestionAnswering(config);
  const pieces = [[5], [6, 7], [8, 8, 9], [10], [11]];
  model.startFromAnswers(pieces);
  const { "final_mlp.2.weight": rows, "final_mlp.2.bias": bias } = model.stateDict();
  const words = model.vlbert.word_embeddings.weight;
  t.true(torch.equal(rows.select(0, 0), words.select(0, 5)));
  const mean = words.select(0, 6).add(words.select(0, 7)).div(2);
  t.true(distance(rows.select(0, 1), mean) <= rounding("float32"));
  t.is(bias.abs().max().item(), 0);
  t.true(rows.requiresGrad && rows.isLeaf);
  t.throws(() => model.startFromAnswers([[5], []]), {
    message: "answers do not fit the head: answer 1 has no pieces, 2 answers for 5 rows",
  });
});

test("sizes have names", (t) => {
  t.deepEqual({ ...VLBertConfig.named("base") }, { ...new VLBertConfig() });
  const large = VLBertConfig.named("large", { num_answers: 7 });
  t.deepEqual(
    [large.hidden_size, large.num_hidden_layers, large.num_attention_heads, large.num_answers],
    [1024, 24, 16, 7],
  );
  t.is(large.intermediate_size, 4 * large.hidden_size);
  t.throws(() => VLBertConfig.named("huge" as "large"), { message: /base or large, not huge/ });
});
