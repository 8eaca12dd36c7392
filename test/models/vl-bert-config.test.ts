import test from "ava";
import { VLBertConfig } from "../../src/models";

test("the defaults are VL-BERT-base", (t) => {
  const config = new VLBertConfig();
  t.is(config.vocab_size, 30522);
  t.is(config.hidden_size, 768);
  t.is(config.num_hidden_layers, 12);
  t.is(config.visual_size, 2048);
  t.is(config.num_answers, 3129);
  t.is(config.mask_token_id, 103);
  t.is(new VLBertConfig({ hidden_size: 24 }).hidden_size, 24);
});

test("all problems are named by their keys at once", (t) => {
  const values = { hidden_size: -3, hidden_dropout_prob: 2, vocab: 5, type_vocab_size: "3" };
  const { message } = t.throws(() => new VLBertConfig(values as object));
  for (const key of ["hidden_size: ", "hidden_dropout_prob: ", "vocab: ", "type_vocab_size: "]) {
    t.true(message.includes(key), message);
  }
});

test("values that do not go together are refused", (t) => {
  t.throws(() => new VLBertConfig({ num_attention_heads: 5 }), {
    message: /num_attention_heads: must divide hidden_size/,
  });
  t.throws(() => new VLBertConfig({ vocab_size: 50 }), { message: /mask_token_id/ });
});

test("a configuration does not change", (t) => {
  const config = new VLBertConfig();
  t.throws(() => Object.assign(config, { hidden_size: 5 }), { instanceOf: TypeError });
});
