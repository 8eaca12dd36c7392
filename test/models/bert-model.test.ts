import test from "ava";
import { Bert, BertConfig, BertForSequenceClassification, type BertInputs } from "../../src/models";
import { withoutPacking } from "../../src/nn";
import * as torch from "../../src/torch";
import { below, distance, gradientDistance, gradientsOf, weightedSum } from "../reference/load";
import { assertRounding, modelRounding, OUTPUT, rounding } from "../rounding";
import { encoderReference } from "./encoder-support";

const { values, weights, config: stored, inputs } = encoderReference("bert-model");
const config = new BertConfig(BertForSequenceClassification.readConfig(stored));

for (const [dtype, outputs, gradients] of modelRounding) {
  for (const masks of ["masked", "open"] as const) {
    test(`outputs and gradients are those of transformers, ${masks}, in ${dtype}`, (t) => {
      const model = new BertForSequenceClassification(config).to(dtype);
      model.loadStateDict(weights);
      const { inputIds, ...rest } = inputs(dtype) as unknown as BertInputs;
      const all = { inputIds, ...(masks === "masked" && rest) };
      const given = withoutPacking(() => model.forward(all)); // transformers computes padding too
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
      // The encoder by itself computes padding too; the classifier leaves it out and says the same.
      const { hidden, pooled } = model.bert.forward(all);
      t.true(torch.equal(hidden, given.hidden) && torch.equal(pooled, given.pooled));
      t.true(distance(model.forward(all).logits, expected.logits) <= outputs);
    });
  }
}

test("the configuration of transformers is read: what is known, and its list of classes", (t) => {
  t.is(config.num_labels, 3);
  t.is(config.hidden_size, 8);
  t.throws(() => new BertConfig(Bert.readConfig({ ...stored, hidden_act: "relu" })), {
    message: /hidden_act/,
  });
  t.throws(() => new BertConfig(Bert.readConfig({ ...stored, is_decoder: true })), {
    message: /is_decoder/,
  });
});

test("the parts before and in the blocks make the whole", (t) => {
  const model = new Bert(config).eval();
  const given = inputs() as unknown as BertInputs;
  const { hidden, mask } = model.embed(given);
  t.deepEqual(mask.shape, [3, 1, 1, 6]);
  const encoded = model.encoder.forward(hidden, mask);
  const { hidden: read } = model.read(given);
  t.true(torch.equal(encoded, read));
  const present = given.attentionMask!.unsqueeze(-1);
  t.true(distance(model.forward(given).hidden.mul(present), read) <= rounding("float32", OUTPUT));
});
