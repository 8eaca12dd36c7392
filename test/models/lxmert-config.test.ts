import test from "ava";
import { Lxmert, LxmertConfig } from "../../src/models";

test("the defaults are LXMERT-base", (t) => {
  const { l_layers, r_layers, x_layers, hidden_size, num_qa_labels } = new LxmertConfig();
  t.deepEqual([l_layers, r_layers, x_layers, hidden_size, num_qa_labels], [9, 5, 5, 768, 9500]);
});

test("all problems are named by their keys at once", (t) => {
  const { message } = t.throws(
    () => new LxmertConfig({ l_layers: -1, hidden_act: "relu", width: 5 } as object),
  );
  for (const key of ["l_layers: ", "hidden_act: ", "width: no such key"]) {
    t.true(message.includes(key), message);
  }
  t.throws(() => new LxmertConfig({ num_attention_heads: 5 }), {
    message: /num_attention_heads: must divide hidden_size/,
  });
});

test("of another library's file what is known is read", (t) => {
  t.deepEqual(Lxmert.readConfig({ x_layers: 2, transformers_version: "4" }), { x_layers: 2 });
});
