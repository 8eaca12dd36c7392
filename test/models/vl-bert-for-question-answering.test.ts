import test from "ava";
import { VLBertConfig, VLBertForQuestionAnswering } from "../../src/models";
import { functional } from "../../src/nn";
import * as torch from "../../src/torch";
import { below, distance, weightedSum } from "../reference/load";
import { assertRounding, modelRounding, OUTPUT, rounding } from "../rounding";
import { config, LENGTHS, REGIONS, referenceInputs, referenceModel, values } from "./support";

for (const [dtype, outputs, gradients] of modelRounding) {
  test(`a padded batch gives what each input alone gives by the paper, in ${dtype}`, (t) => {
    const model = referenceModel(dtype);
    const inputs = referenceInputs(dtype);
    inputs.regionFeatures.requiresGrad_();
    const { logits } = model.forward(inputs);
    const hidden = model.encode(model.embed(inputs));
    for (const [row, length] of LENGTHS.entries()) {
      const places = [
        ...Array(length).keys(),
        ...[...Array(REGIONS[row]).keys()].map((n) => 6 + n),
        10,
      ];
      const index = torch.tensor(places, { dtype: "int64" });
      const off = distance(hidden.select(0, row).indexSelect(0, index), values[`hidden.${row}`]);
      assertRounding(t, off, outputs, `hidden of row ${row}`);
    }
    const off = distance(logits, values.logits);
    assertRounding(t, off, outputs, `logits`);

    weightedSum(logits).backward();
    const expected = below(values, "grad");
    const { regionFeatures } = inputs;
    for (const [name, tensor] of [
      ...model.namedParameters(),
      ["regionFeatures", regionFeatures] as const,
    ]) {
      const off = distance(tensor.grad!, expected[name]);
      assertRounding(t, off, gradients, `the gradient of ${name}`);
    }
  });
}

test("masks and types that are not given are those of full texts and questions", (t) => {
  const model = referenceModel().eval();
  const { inputIds, regionFeatures, regionBoxes } = referenceInputs();
  const [, types, text, regions] = [0, 0, 1, 1].map((value, n) =>
    torch.full([3, n === 3 ? 4 : 6], value, { dtype: "int64" }),
  );
  const open = { inputIds, regionFeatures, regionBoxes };
  const given = { ...open, tokenTypeIds: types, attentionMask: text, regionMask: regions };
  t.true(torch.equal(model.forward(open).logits, model.forward(given).logits));
});

test("a text without its one mask token is refused, by row", (t) => {
  const inputs = referenceInputs();
  inputs.inputIds.select(0, 0).fill_(7);
  inputs.inputIds.select(0, 2).fill_(config.mask_token_id);
  t.throws(() => referenceModel().forward(inputs), {
    message: "each text needs one [MASK] token (mask_token_id 4): row 0 has 0, row 2 has 5",
  });
});

test("the answer is read at the [MASK] token of what the blocks give", (t) => {
  const model = referenceModel().eval();
  const inputs = referenceInputs();
  const hidden = model.encode(model.embed(inputs)); // [B,S,D]
  const [batch] = hidden.shape;
  const isMask = inputs.inputIds.eq(config.mask_token_id);
  const atMask = hidden.narrow(1, 0, isMask.shape[1]).maskedSelect(isMask.unsqueeze(-1));
  const logits = model.final_mlp.forward(atMask.view([batch, -1]));
  const { logits: found } = model.forward(inputs);
  t.true(distance(found, logits) <= rounding("float32", OUTPUT));
});

test("names in the state are those of VL-BERT checkpoints", (t) => {
  const names = Object.keys(new VLBertForQuestionAnswering(config).stateDict());
  t.deepEqual(names.filter((name) => !name.startsWith("vlbert.encoder.")).sort(), [
    "final_mlp.0.LayerNorm.bias",
    "final_mlp.0.LayerNorm.weight",
    "final_mlp.0.dense.bias",
    "final_mlp.0.dense.weight",
    "final_mlp.2.bias",
    "final_mlp.2.weight",
    "image_feature_extractor.obj_downsample.1.bias",
    "image_feature_extractor.obj_downsample.1.weight",
    "object_linguistic_embeddings.weight",
    "vlbert.embedding_LayerNorm.bias",
    "vlbert.embedding_LayerNorm.weight",
    "vlbert.end_embedding.weight",
    "vlbert.position_embeddings.weight",
    "vlbert.token_type_embeddings.weight",
    "vlbert.visual_ln_object.bias",
    "vlbert.visual_ln_object.weight",
    "vlbert.visual_ln_text.bias",
    "vlbert.visual_ln_text.weight",
    "vlbert.word_embeddings.weight",
  ]);
});

test("features of any width are taken, such as 7", (t) => {
  const model = new VLBertForQuestionAnswering(new VLBertConfig({ ...config, visual_size: 7 }));
  const inputs = { ...referenceInputs("float32"), regionFeatures: torch.randn([3, 4, 7]) };
  t.deepEqual(model.forward(inputs).logits.shape, [3, 5]);
});

test("a clone answers alike and changes alone", (t) => {
  const model = referenceModel().eval();
  const copy = model.clone();
  const inputs = referenceInputs();
  const before = model.forward(inputs).logits;
  t.true(torch.equal(copy.forward(inputs).logits, before));
  torch.noGrad(() => copy.vlbert.end_embedding.weight.fill_(3));
  t.true(torch.equal(model.forward(inputs).logits, before));
  t.false(torch.equal(copy.forward(inputs).logits, before));
});

test("the products of a forward are counted", (t) => {
  const model = referenceModel();
  const { flops } = functional.countFlops(() => model.forward(referenceInputs()));
  const [size, wide] = [16, 24];
  const regions = 2 * 4 * 48 * size; // padded
  const head = 2 * (size * size + size * 5);
  const block = (queries: number, keys: number) =>
    2 * (queries * (2 * size * size + 2 * size * wide + 2 * keys * size) + keys * 2 * size * size);
  const expected = LENGTHS.map((words, row) => {
    const length = words + REGIONS[row] + 1;
    return block(length, length) + block(1, length) + regions + head;
  });
  t.is(flops, expected[0] + expected[1] + expected[2]);
});
