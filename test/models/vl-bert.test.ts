import test from "ava";
import { VLBert, VLBertConfig } from "../../src/models";
import * as torch from "../../src/torch";
import { distance } from "../reference/load";
import { OUTPUT, rounding } from "../rounding";
import { config, LENGTHS, REGIONS, referenceInputs, referenceModel } from "./support";

test("visual norms start at their configured scales, all else as BERT", (t) => {
  torch.manualSeed(1);
  const model = new VLBert(
    new VLBertConfig({ ...config, visual_scale_text_init: 0.5, initializer_range: 0.1 }),
  );
  t.is(model.visual_ln_text.weight!.min().item(), 0.5);
  t.is(model.visual_ln_object.weight!.max().item(), 0);
  t.is(model.embedding_LayerNorm.weight!.min().item(), 1);
  const { dense } = model.encoder.layer[0].feedForward.intermediate;
  t.true(Math.abs(Number(dense.weight.std().item()) - 0.1) < 0.02);
  t.is(dense.bias!.abs().max().item(), 0);
});

test("padding is masked, the end is not", (t) => {
  const { mask } = referenceModel().embed(referenceInputs());
  t.deepEqual(mask.shape, [3, 1, 1, 11]);
  for (const [row, length] of LENGTHS.entries()) {
    const scores = mask.select(0, row).flatten().toArray() as number[];
    const present = (n: number) => (n < 6 ? n < length : n < 10 ? n - 6 < REGIONS[row] : n === 10);
    t.deepEqual(
      scores,
      scores.map((_, n) => (present(n) ? 0 : -Infinity)),
    );
  }
});

test("where padding lies does not matter", (t) => {
  const model = referenceModel().eval();
  const inputs = referenceInputs();
  const turned = (name: "inputIds" | "tokenTypeIds" | "attentionMask") =>
    inputs[name]!.roll([1], [1]);
  const row = { ...inputs };
  for (const name of ["inputIds", "tokenTypeIds", "attentionMask"] as const) {
    Object.assign(row, { [name]: turned(name) });
  }
  // Row 1 has 4 tokens of 6: rolled by one, its padding surrounds the text.
  const [a, b] = [inputs, row].map((batch) => model.forward(batch).logits.select(0, 1));
  t.true(distance(a, b) <= rounding("float64", OUTPUT));
});

test("a text longer than the positions is refused", (t) => {
  const inputs = referenceInputs();
  const long = { ...inputs, inputIds: torch.zeros([3, 11], { dtype: "int64" }) };
  const open = { ...long, tokenTypeIds: null, attentionMask: null };
  t.throws(() => referenceModel().embed(open), { message: /max_position_embeddings is 12/ });
});
