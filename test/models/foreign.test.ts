import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import {
  Bert,
  BertConfig,
  BertForSequenceClassification,
  Model,
  type PretrainedReport,
  reportLine,
} from "../../src/models";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";

const root = mkdtempSync(join(tmpdir(), "adaptune-foreign-"));
test.after.always(() => rmSync(root, { recursive: true }));

const sizes = {
  vocab_size: 12,
  hidden_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 12,
  max_position_embeddings: 6,
};
const bert = new Bert(new BertConfig(sizes));
const weights: Record<string, Tensor> = Object.fromEntries(
  Object.entries(bert.stateDict()).map(([name, weight]) => [name, weight.detach()]),
);
const withoutPooler = Object.fromEntries(
  Object.entries(weights).filter(([name]) => !name.startsWith("pooler.")),
);
const under = (prefix: string, state: Readonly<Record<string, Tensor>>) =>
  Object.fromEntries(Object.entries(state).map(([name, tensor]) => [prefix + name, tensor]));

let count = 0;
function folder(json: object, state: Readonly<Record<string, Tensor>> | string | object): string {
  const path = join(root, `${count++}`);
  mkdirSync(path);
  const config = { model_type: "bert", architectures: ["BertModel"], ...sizes, ...json };
  writeFileSync(join(path, "config.json"), JSON.stringify(config));
  if (typeof state === "string") writeFileSync(join(path, "model.safetensors"), state);
  else if (Object.values(state).every((value) => value instanceof torch.Tensor)) {
    torch.save(state, join(path, "model.safetensors"));
  } else torch.save(state, join(path, "pytorch_model.bin"));
  return path;
}

function read<M extends Model>(
  modelClass: { fromPretrained: typeof Model.fromPretrained },
  path: string,
): { model: M; report: PretrainedReport } {
  const reports: PretrainedReport[] = [];
  const options = { report: (given: PretrainedReport) => reports.push(given) };
  const model = modelClass.fromPretrained.call(modelClass as never, path, options) as M;
  return { model, report: reports[0] };
}

const isBert = (model: Module, names = Object.keys(withoutPooler)) =>
  names.every((name) => torch.equal(model.stateDict()[name], weights[name]));
type Module = Pick<Model, "stateDict">;

for (const [what, architectures, state] of [
  ["masked words", "BertForMaskedLM", under("bert.", withoutPooler)],
  [
    "classes of tokens",
    "BertForTokenClassification",
    { ...under("bert.", withoutPooler), "classifier.weight": torch.ones([3, 8]) },
  ],
  ["a BERT without a pooler", "BertModel", withoutPooler],
] as const) {
  test(`BERT is read from a checkpoint of ${what}: its pooler starts anew`, (t) => {
    const { model, report } = read<Bert>(Bert, folder({ architectures: [architectures] }, state));
    t.deepEqual(report.missing, ["pooler.dense.weight", "pooler.dense.bias"]);
    t.true(isBert(model));
    t.is(model.pooler.dense.bias!.abs().max().item(), 0);
  });
}

for (const prefix of [
  "module.",
  "_orig_mod.",
  "model.",
  "base_model.model.",
  "module._orig_mod.",
  "_orig_mod.module.",
  "model.bert.",
  "bert.",
]) {
  test(`names behind ${prefix} are read`, (t) => {
    const { model, report } = read(Bert, folder({}, under(prefix, weights)));
    t.true(isBert(model, Object.keys(weights)));
    t.deepEqual([...report.missing, ...report.unexpected], []);
  });
}

for (const key of ["model", "model_state_dict", "state_dict", "net"]) {
  test(`the weights of a training state are found at ${key}`, (t) => {
    const optimizer = { state: { 0: { exp_avg: torch.ones([1]) } } };
    const state = { [key]: weights, optimizer, other: torch.ones([1]), epoch: 3 };
    const { model, report } = read(Bert, folder({}, state));
    t.true(isBert(model, Object.keys(weights)));
    t.deepEqual(report.unexpected, ["other"]);
  });
}

test("a prefix that all names share and nobody knows is told, in place of all names", (t) => {
  const { message } = t.throws(() =>
    Bert.fromPretrained(folder({}, under("tower.text.", weights))),
  );
  t.regex(message, /all 23 names in the checkpoint begin with "tower\.text\."/);
  t.false(message.includes("unexpected:"));
});

test("an adapter of PEFT's is called one", (t) => {
  const state = { "base_model.model.encoder.layer.0.lora_A.weight": torch.ones([1, 8]) };
  t.throws(() => Bert.fromPretrained(folder({}, state)), { message: /adapter.*merge_and_unload/ });
});

test("what was saved in a file's place is called what it is", (t) => {
  const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 123\n";
  t.throws(() => Bert.fromPretrained(folder({}, pointer)), {
    message: /model\.safetensors is a Git LFS pointer.*git lfs pull/,
  });
  t.throws(() => Bert.fromPretrained(folder({}, "<!DOCTYPE html>\n<html></html>")), {
    message: /is a web page/,
  });
  t.throws(() => Bert.fromPretrained(folder({}, "")), { message: /is empty/ });
  const path = folder({}, weights);
  writeFileSync(join(path, "config.json"), pointer);
  t.throws(() => Bert.fromPretrained(path), { message: /config\.json: is a Git LFS pointer/ });
});

test("the classifier's own dropout counts", (t) => {
  const dropout = (classifier_dropout?: number | null) =>
    new BertForSequenceClassification(
      new BertConfig({ ...sizes, hidden_dropout_prob: 0.1, classifier_dropout }),
    ).dropout.p;
  t.deepEqual([dropout(0.4), dropout(0), dropout(null), dropout()], [0.4, 0, 0.1, 0.1]);
});

test("names of classes and what else a configuration says are kept when a model is saved", (t) => {
  const more = {
    id2label: { 0: "no", 1: "maybe", 2: "yes" },
    label2id: { no: 0, maybe: 1, yes: 2 },
    problem_type: "single_label_classification",
  };
  const architectures = ["BertForMaskedLM"];
  const path = folder({ ...more, architectures }, under("bert.", weights));
  const { model } = read(BertForSequenceClassification, path);
  const saved = join(root, "saved");
  model.savePretrained(saved);
  const config = JSON.parse(readFileSync(join(saved, "config.json"), "utf8"));
  t.like(config, { ...more, architectures: ["BertForSequenceClassification"], num_labels: 3 });
  const other = BertForSequenceClassification.fromPretrained(path, {
    config: { num_labels: 2 },
    report: () => {},
  });
  other.savePretrained(saved);
  const changed = JSON.parse(readFileSync(join(saved, "config.json"), "utf8"));
  t.is(changed.id2label, undefined);
  t.is(read<BertForSequenceClassification>(Model, saved).model.config.num_labels, 2);
});

test("entries of a configuration that nothing reads are told of", (t) => {
  const path = folder({ use_cache: true, rope_theta: 3, pruned_heads: { 0: [1] } }, weights);
  const { report } = read(Bert, path);
  t.deepEqual(report.unused, ["rope_theta", "pruned_heads"]);
  t.regex(reportLine(report), /not used of its configuration: rope_theta, pruned_heads/);
});

test("sizes that no model has are refused before anything is made", (t) => {
  for (const wrong of [
    { num_hidden_layers: 1e9 },
    { vocab_size: 1e12 },
    { max_position_embeddings: 2 ** 40 },
    { num_attention_heads: 1e9 },
  ]) {
    const [key] = Object.keys(wrong);
    t.throws(() => Bert.fromPretrained(folder(wrong, weights)), { message: new RegExp(key) });
    t.throws(() => new BertConfig({ ...sizes, ...wrong }), { message: new RegExp(key) });
  }
  const wide = { hidden_size: 2 ** 20, intermediate_size: 2 ** 20, vocab_size: 8 };
  t.throws(() => Model.fromConfig(folder(wide, weights)), {
    message: /TB|GB by the sizes in its configuration|memory/,
  });
});
