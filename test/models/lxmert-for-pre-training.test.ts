import test from "ava";
import { LxmertConfig, LxmertForPreTraining, lxmertPreTrainingLoss } from "../../src/models";
import type { Tensor } from "../../src/torch";
import { below, distance, gradientDistance, gradientsOf, weightedSum } from "../reference/load";
import { assertRounding, modelRounding, OUTPUT, rounding } from "../rounding";
import {
  config,
  openInputs,
  referenceInputs,
  values,
  weights,
  withReferenceWeights,
} from "./lxmert-support";

for (const [dtype, outputs, gradients] of modelRounding) {
  for (const [masks, inputs] of [
    ["masked", referenceInputs],
    ["open", openInputs],
  ] as const) {
    test(`outputs and gradients are those of transformers, ${masks}, in ${dtype}`, (t) => {
      const model = withReferenceWeights(new LxmertForPreTraining(config), dtype);
      const given = model.forward(inputs(dtype)); // padding too
      const expected = below(values, `${masks}.out`);
      t.deepEqual(Object.keys(given).sort(), Object.keys(expected).sort());
      for (const [name, tensor] of Object.entries(expected)) {
        const off = distance(given[name], tensor);
        assertRounding(t, off, outputs, `${name}`);
      }
      const sum = Object.keys(expected).map((name) => weightedSum(given[name]));
      sum.reduce((a, b) => a.add(b)).backward();
      const { name, off } = gradientDistance(gradientsOf(model), below(values, `${masks}.grad`));
      assertRounding(t, off, gradients, `the gradient of ${name}`);
    });
  }
}

test("names in the state are those of transformers, the tied decoder beside them", (t) => {
  const names = Object.keys(new LxmertForPreTraining(config).stateDict());
  const tied = "cls.predictions.decoder.weight";
  t.deepEqual(names.sort(), [...Object.keys(weights), tied].sort());
});

test("the loss is that of transformers", (t) => {
  const model = withReferenceWeights(new LxmertForPreTraining(config), "float64");
  const label = below(values, "label");
  const loss = lxmertPreTrainingLoss(
    model.forward(referenceInputs("float64")), // it has labels at padding
    {
      words: label.words,
      match: label.match,
      answer: label.answer,
      objects: { labels: label.objects, weights: label.objectWeights },
      attributes: { labels: label.attributes, weights: label.attributeWeights },
      features: { labels: label.features, weights: label.featureWeights },
    },
    config,
  );
  const off = distance(loss, values.loss);
  assertRounding(t, off, rounding("float32", OUTPUT), "the loss"); // transformers sums the regions' in float32
});

test("heads that the configuration leaves out are not there and cost nothing", (t) => {
  const small = new LxmertConfig({ ...config, task_qa: false, visual_attr_loss: false });
  const model = new LxmertForPreTraining(small);
  const names = Object.keys(model.stateDict());
  t.false(names.some((name) => name.startsWith("answer_head") || name.includes(".attr.")));
  const outputs = model.forward(openInputs());
  t.false("answerLogits" in outputs || "attributeLogits" in outputs);
  t.true("objectLogits" in outputs && "features" in outputs);
  const none = lxmertPreTrainingLoss(outputs, { answer: below(values, "label").answer }, config);
  t.is(none.item(), 0);
});

test("the padding's rows of embeddings start at zero and get no gradient but the decoder's", (t) => {
  const model = new LxmertForPreTraining(config);
  const { word_embeddings, position_embeddings } = model.lxmert.embeddings;
  const first = (tensor: Tensor) => Number(tensor.select(0, 0).abs().max().item());
  t.is(first(word_embeddings.weight), 0);
  model.forward(openInputs()).language.sum().backward();
  t.is(first(word_embeddings.weight.grad!), 0);
  t.is(first(position_embeddings.weight.grad!), 0);
  t.is(model.cls.predictions.decoder.weight, word_embeddings.weight);
});
