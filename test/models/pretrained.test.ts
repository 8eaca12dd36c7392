import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import {
  Bert,
  BertForSequenceClassification,
  Lxmert,
  LxmertForPreTraining,
  LxmertForQuestionAnswering,
  LxmertForVisualReasoning,
  Model,
  type PretrainedReport,
  reportLine,
  ViT,
  ViTForImageClassification,
  VLBertConfig,
  VLBertForPreTraining,
  VLBertForQuestionAnswering,
  VLBertForReferringExpressions,
  VLBertForVisualCommonsense,
} from "../../src/models";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { below, distance, reference } from "../reference/load";
import { OUTPUT, rounding } from "../rounding";
import { encoderReference } from "./encoder-support";
import { config, referenceInputs, values, weights } from "./lxmert-support";

const root = mkdtempSync(join(tmpdir(), "adaptune-pretrained-"));
test.after.always(() => rmSync(root, { recursive: true }));

/** A folder as transformers writes one. */
function folder(name: string, json: object, state: Readonly<Record<string, Tensor>>): string {
  const path = join(root, name);
  mkdirSync(path);
  writeFileSync(join(path, "config.json"), JSON.stringify(json));
  torch.save(state, join(path, "model.safetensors"));
  return path;
}

/** What transformers adds to the sizes in a config.json, and nothing here reads. */
const hfConfig = {
  ...config,
  model_type: "lxmert",
  architectures: ["LxmertForPreTraining"],
  num_hidden_layers: { vision: 1, cross_encoder: 2, language: 2 },
  transformers_version: "5.18.0",
  task_matched: true,
};

/** The counts of reading a checkpoint, and the model. */
function reading<M extends Model>(read: (report: (given: PretrainedReport) => void) => M) {
  let given: PretrainedReport | null = null;
  const model = read((report) => {
    given = report;
  });
  return { model, report: given! as PretrainedReport };
}

const renamed = (state: Readonly<Record<string, Tensor>>, change: (name: string) => string) =>
  Object.fromEntries(Object.entries(state).map(([name, tensor]) => [change(name), tensor]));

const float32 = (tensor: Tensor) => tensor.to("float32");

test("a folder of transformers is read as a whole, its class by the configuration", (t) => {
  const path = folder("whole", hfConfig, weights);
  const { model, report } = reading((report) => Model.fromPretrained(path, { report }));
  t.true(model instanceof LxmertForPreTraining);
  t.is(report.loaded, Object.keys(weights).length);
  t.deepEqual([report.missing, report.unexpected], [[], []]);
  const { wordLogits } = (model as LxmertForPreTraining).forward(referenceInputs());
  t.true(distance(wordLogits, values["masked.out.wordLogits"]) <= rounding("float32", OUTPUT));
});

test("a checkpoint of the very class has to have all weights", (t) => {
  const { "cls.predictions.bias": _, ...rest } = weights;
  const path = folder("strict", hfConfig, { ...rest, "cls.predictions.offset": torch.ones([20]) });
  const { message } = t.throws(() => LxmertForPreTraining.fromPretrained(path));
  t.true(message.includes("missing: cls.predictions.bias"));
  t.true(message.includes("unexpected: cls.predictions.offset"));
});

test("names too many are left out and told", (t) => {
  const path = folder("more", hfConfig, { ...weights, "cls.predictions.offset": torch.ones([20]) });
  const { report } = reading((report) => LxmertForPreTraining.fromPretrained(path, { report }));
  t.deepEqual(report.unexpected, ["cls.predictions.offset"]);
  t.is(report.loaded, Object.keys(weights).length);
});

test("of another class's checkpoint heads that are not there start anew, with counts", (t) => {
  const path = folder("heads", hfConfig, weights);
  const answers = reading((report) => LxmertForQuestionAnswering.fromPretrained(path, { report }));
  t.deepEqual(answers.report.missing, []);
  t.true(answers.report.unexpected.every((name) => /^(cls|obj_predict_head)\./.test(name)));
  const { logits } = answers.model.forward(referenceInputs());
  t.true(distance(logits, values["answers.out.logits"]) <= rounding("float32", OUTPUT));

  const pairs = reading((report) => LxmertForVisualReasoning.fromPretrained(path, { report }));
  t.deepEqual(
    pairs.report.missing.filter((name) => !name.startsWith("logit_fc.")),
    [],
  );
  t.is(
    reportLine({
      ...pairs.report,
      unexpected: ["cls.predictions.bias", "cls.predictions.decoder"],
    }),
    `${pairs.report.loaded} tensors loaded, 6 missing (starting anew: logit_fc.0.*, logit_fc.2.*, ` +
      "logit_fc.3.*), 2 unexpected (left out: cls.predictions.*)",
  );
});

test("a head of another size is refused unless the configuration was changed to ask for it", (t) => {
  const path = folder("size", hfConfig, weights);
  const wide = { num_qa_labels: 7 };
  const { model, report } = reading((report) =>
    LxmertForPreTraining.fromPretrained(path, { config: wide, report }),
  );
  t.is(model.answer_head!.logit_fc.at(-1)!.stateDict().weight.shape[0], 7);
  t.deepEqual(report.resized, ["answer_head.logit_fc.3.weight", "answer_head.logit_fc.3.bias"]);
  t.true(reportLine(report).endsWith(", 2 resized (starting anew: answer_head.logit_fc.3.*)"));
  const stored = folder("stored", { ...hfConfig, ...wide }, weights);
  t.throws(() => LxmertForQuestionAnswering.fromPretrained(stored, { report: () => {} }), {
    message: /shape: answer_head.logit_fc.3.weight is \[7, 16\], given \[5, 16\]/,
  });
});

test("a backbone that is not whole is refused, and so is a part of a head's module", (t) => {
  const lacks = (name: string, missing: string) => {
    const { [missing]: _, ...rest } = weights;
    const path = folder(name, hfConfig, rest);
    return t.throws(() => LxmertForQuestionAnswering.fromPretrained(path)).message;
  };
  const bone = "lxmert.encoder.x_layers.1.visual_attention.att.key.bias";
  t.true(lacks("bone", bone).includes(`missing: ${bone}`));
  t.true(
    lacks("part", "answer_head.logit_fc.3.bias").includes("missing: answer_head.logit_fc.3.bias"),
  );
  const none = folder("none", hfConfig, { "other.weight": torch.ones([2]) });
  const { message } = t.throws(() => LxmertForQuestionAnswering.fromPretrained(none));
  t.true(message.includes("(0 of its names known)") && message.includes("more"));
});

test("the original file is read without a configuration: names and sizes are its own", (t) => {
  const original = renamed(weights, (name) => `module.${name.replace(/^lxmert\./, "bert.")}`);
  const path = join(root, "model_LXRT.safetensors");
  torch.save(original, path);
  // Heads are 64 wide in all releases: here the number of heads has to be told.
  const heads = { num_attention_heads: 2, hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 };
  const { model, report } = reading((report) =>
    LxmertForPreTraining.fromPretrained(path, { config: heads, report }),
  );
  t.deepEqual({ ...model.config }, { ...config });
  t.is(report.loaded, Object.keys(weights).length);
  t.deepEqual([report.missing, report.unexpected, report.resized], [[], [], []]);
  const { answerLogits } = model.forward(referenceInputs());
  t.true(distance(answerLogits, values["masked.out.answerLogits"]) <= rounding("float32", OUTPUT));
});

test("the original names of a finetuned model are read", (t) => {
  const finetuned = renamed(weights, (name) =>
    name.replace(/^lxmert\./, "lxrt_encoder.model.bert.").replace(/^answer_head\./, ""),
  );
  const path = folder("finetuned", { ...hfConfig, architectures: undefined }, finetuned);
  const { model } = reading((report) =>
    LxmertForQuestionAnswering.fromPretrained(path, { report }),
  );
  const { logits } = model.forward(referenceInputs());
  t.true(distance(logits, values["answers.out.logits"]) <= rounding("float32", OUTPUT));
});

test("a model is read out of one with heads, and put into one", (t) => {
  const path = folder("inner", hfConfig, weights);
  const inner = reading((report) => Lxmert.fromPretrained(path, { report })).model;
  const { pooled } = inner.forward(referenceInputs());
  t.true(distance(pooled, values["masked.out.pooled"]) <= rounding("float32", OUTPUT));
  const alone = join(root, "alone");
  inner.savePretrained(alone);
  const { model, report } = reading((report) =>
    LxmertForQuestionAnswering.fromPretrained(alone, { report }),
  );
  t.is(report.loaded, Object.keys(inner.stateDict()).length);
  t.is(report.missing.length, 6);
  t.true(torch.equal(model.lxmert.forward(referenceInputs()).pooled, pooled));
});

test("old names of norms are read", (t) => {
  const old = renamed(weights, (name) =>
    name
      .replace(/LayerNorm\.weight$/, "LayerNorm.gamma")
      .replace(/LayerNorm\.bias$/, "LayerNorm.beta"),
  );
  const path = folder("old", hfConfig, old);
  const { report } = reading((report) => LxmertForPreTraining.fromPretrained(path, { report }));
  t.is(report.loaded, Object.keys(weights).length);
});

test("weights in parts are read by their index", (t) => {
  const path = join(root, "parts");
  mkdirSync(path);
  writeFileSync(join(path, "config.json"), JSON.stringify(hfConfig));
  const names = Object.keys(weights);
  const part = (n: number) => `model-0000${n + 1}-of-00002.safetensors`;
  const weightMap = Object.fromEntries(names.map((name, n) => [name, part(n % 2)]));
  for (const n of [0, 1]) {
    const own = names.filter((name) => weightMap[name] === part(n));
    torch.save(Object.fromEntries(own.map((name) => [name, weights[name]])), join(path, part(n)));
  }
  const index = join(path, "model.safetensors.index.json");
  writeFileSync(index, JSON.stringify({ weight_map: weightMap }));
  const { report } = reading((report) => Model.fromPretrained(path, { report }));
  t.is(report.loaded, names.length);
  writeFileSync(index, JSON.stringify({ weight_map: { ...weightMap, extra: part(0) } }));
  t.throws(() => Model.fromPretrained(path), { message: /'extra' should be in model-00001/ });
});

test("BERT's and ViT's folders are read, alone and in models with heads", (t) => {
  const bert = encoderReference("bert-model");
  const texts = folder("bert", bert.config, {
    ...bert.weights,
    "bert.embeddings.position_ids": torch.arange(10).unsqueeze(0),
  });
  const given = bert.inputs() as never;
  const classes = reading((report) =>
    BertForSequenceClassification.fromPretrained(texts, { report }),
  );
  t.is(classes.report.loaded, Object.keys(bert.weights).length);
  t.true(
    distance(classes.model.forward(given).logits, float32(bert.values["masked.out.logits"])) <=
      rounding("float32", OUTPUT),
  );
  const inner = reading((report) => Bert.fromPretrained(texts, { report }));
  t.deepEqual(inner.report.unexpected, ["classifier.bias", "classifier.weight"]);
  t.true(
    distance(inner.model.forward(given).pooled, bert.values["masked.out.pooled"]) <=
      rounding("float32", OUTPUT),
  );

  const vit = encoderReference("vit");
  const newer = renamed(vit.weights, (name) =>
    name.startsWith("classifier.")
      ? name
      : `vit.${name}`
          .replace("encoder.layer.", "layers.")
          .replace("attention.attention.query", "attention.q_proj")
          .replace("attention.attention.key", "attention.k_proj")
          .replace("attention.attention.value", "attention.v_proj")
          .replace("attention.output.dense", "attention.o_proj")
          .replace("intermediate.dense", "mlp.fc1")
          .replace(/(layers\.\d)\.output\.dense/, "$1.mlp.fc2"),
  );
  for (const [name, state] of [
    [
      "vit",
      renamed(vit.weights, (name) => (name.startsWith("classifier.") ? name : `vit.${name}`)),
    ],
    ["vit-newer", newer],
  ] as const) {
    const { "vit.pooler.dense.weight": _, "vit.pooler.dense.bias": __, ...unpooled } = state;
    const path = folder(name, vit.config, unpooled);
    const images = reading((report) => ViTForImageClassification.fromPretrained(path, { report }));
    const { logits } = images.model.forward(vit.inputs() as never);
    t.true(distance(logits, vit.values["classes.out.logits"]) <= rounding("float32", OUTPUT));
    const alone = reading((report) => ViT.fromPretrained(path, { report }));
    t.deepEqual(alone.report.missing, ["pooler.dense.weight", "pooler.dense.bias"]);
  }
});

test("VL-BERT's pre-training file is read for every task, without a configuration", (t) => {
  const state = below(reference("vl-bert-heads"), "weight");
  const path = join(root, "vl-bert-base-e2e.safetensors");
  torch.save(
    renamed(
      { ...state, "image_feature_extractor.backbone.conv1.weight": torch.ones([1]) },
      (name) => `module.${name}`,
    ),
    path,
  );
  const changes = { config: { num_attention_heads: 2, num_answers: 5, mask_token_id: 4 } };
  const answers = reading((report) =>
    VLBertForQuestionAnswering.fromPretrained(path, { ...changes, report }),
  );
  const own = answers.model.stateDict();
  const transform = "vlbert.mlm_head.predictions.transform.dense.weight";
  t.true(torch.equal(own["final_mlp.0.dense.weight"], state[transform].to("float32")));
  t.deepEqual(answers.report.missing, ["final_mlp.2.weight", "final_mlp.2.bias"]);
  t.true(answers.report.unexpected.includes("image_feature_extractor.backbone.conv1.weight"));
  const regions = reading((report) =>
    VLBertForReferringExpressions.fromPretrained(path, { ...changes, report }),
  );
  const moved = regions.model.stateDict()["final_mlp.0.dense.bias"];
  t.true(torch.equal(moved, state["vlbert.mvrc_head.transform.dense.bias"].to("float32")));
  const choices = reading((report) =>
    VLBertForVisualCommonsense.fromPretrained(path, { ...changes, report }),
  );
  t.deepEqual(choices.report.missing, ["final_mlp.1.weight", "final_mlp.1.bias"]);
  const whole = reading((report) =>
    VLBertForPreTraining.fromPretrained(path, { ...changes, report }),
  );
  t.is(whole.report.loaded, Object.keys(state).length);
  const { hidden_size, visual_size, visual_region_classes, num_hidden_layers } = whole.model.config;
  t.deepEqual([hidden_size, visual_size, visual_region_classes, num_hidden_layers], [16, 24, 7, 2]);
});

test("names of VCR's original checkpoints are read, and saved models come back by their class", (t) => {
  const size = { hidden_size: 16, num_attention_heads: 2, num_hidden_layers: 1, vocab_size: 20 };
  const config = new VLBertConfig({ ...size, visual_size: 24, mask_token_id: 4 });
  const model = new VLBertForVisualCommonsense(config);
  const path = join(root, "choosing");
  model.savePretrained(path);
  const { model: again } = reading((report) => Model.fromPretrained(path, { report }));
  t.true(again instanceof VLBertForVisualCommonsense);
  const wrapped = join(root, "vl-bert_vcr.safetensors");
  torch.save(
    renamed(model.stateDict(), (name) => `module.${name.replace(/^vlbert\./, "vlbert._module.")}`),
    wrapped,
  );
  const heads = { num_attention_heads: 2, mask_token_id: 4 };
  const { report } = reading((report) =>
    VLBertForVisualCommonsense.fromPretrained(wrapped, { config: heads, report }),
  );
  t.deepEqual([report.missing, report.unexpected], [[], []]);
});

test("files that PyTorch wrote are read: of transformers, and the originals of 2019", (t) => {
  const given = (name: string) => join(__dirname, "..", "reference", name);
  const path = join(root, "pytorch");
  mkdirSync(path);
  writeFileSync(join(path, "config.json"), JSON.stringify(hfConfig));
  copyFileSync(given("lxmert-checkpoint.bin"), join(path, "pytorch_model.bin"));
  const folder = reading((report) => Model.fromPretrained(path, { report }));
  const heads = { num_attention_heads: 2, hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 };
  const original = reading((report) =>
    LxmertForPreTraining.fromPretrained(given("lxmert-checkpoint.pth"), { config: heads, report }),
  );
  for (const { model, report } of [folder, original]) {
    t.deepEqual([report.missing, report.unexpected], [[], []]);
    const { wordLogits } = (model as LxmertForPreTraining).forward(referenceInputs());
    t.true(distance(wordLogits, values["masked.out.wordLogits"]) <= rounding("float32", OUTPUT));
  }

  const state = below(reference("vl-bert-heads"), "weight");
  const changes = { config: { num_attention_heads: 2, mask_token_id: 4 } };
  const { model, report } = reading((report) =>
    VLBertForPreTraining.fromPretrained(given("vl-bert-checkpoint.model"), { ...changes, report }),
  );
  t.deepEqual([report.missing, report.unexpected], [[], []]);
  const own = model.stateDict();
  for (const [name, tensor] of Object.entries(state))
    t.true(torch.equal(own[name], float32(tensor)));
});

test("a head that starts anew is initialised, and nothing else stays in memory", (t) => {
  const path = folder("initialised", hfConfig, weights);
  const read = () => LxmertForVisualReasoning.fromPretrained(path, { report: () => {} });
  const before = torch.memory().tensors;
  const model = read();
  t.is(torch.memory().tensors - before, Object.keys(model.stateDict()).length);
  const { "logit_fc.0.weight": weight, "logit_fc.0.bias": bias } = model.stateDict();
  t.is(bias.abs().max().item(), 0);
  t.true(Math.abs(Number(weight.std().item()) - config.initializer_range) < 0.01);
});

test("reading draws nothing where all weights are given", (t) => {
  const path = folder("draws", hfConfig, weights);
  const drawsAfter = (read: () => unknown) => {
    torch.manualSeed(3);
    read();
    return torch.rand([4]).toArray();
  };
  const undisturbed = drawsAfter(() => {});
  const report = () => {};
  t.deepEqual(
    drawsAfter(() => LxmertForPreTraining.fromPretrained(path, { report })),
    undisturbed,
  );
  const fresh = drawsAfter(() => LxmertForVisualReasoning.fromPretrained(path, { report }));
  t.notDeepEqual(fresh, undisturbed);
});
