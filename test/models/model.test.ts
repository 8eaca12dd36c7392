import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { Model, VLBertForQuestionAnswering } from "../../src/models";
import type { Tensor } from "../../src/torch";
import * as torch from "../../src/torch";
import { config, referenceModel } from "./support";

const folder = mkdtempSync(join(tmpdir(), "adaptune-model-"));
test.after.always(() => rmSync(folder, { recursive: true }));

/** A folder with a saved model, some of its files changed. */
function saved(
  name: string,
  {
    config = {},
    weights = (state) => state,
  }: {
    config?: object;
    weights?: (state: Record<string, Tensor>) => Record<string, Tensor>;
  } = {},
): string {
  const path = join(folder, name);
  referenceModel("float32").savePretrained(path);
  const file = join(path, "config.json");
  const written = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...written, ...config }));
  const weightsFile = join(path, "model.safetensors");
  const state = Object.fromEntries(
    Object.entries(torch.load(weightsFile)).map(([key, tensor]) => [key, tensor.clone()]),
  );
  torch.save(weights(state), weightsFile);
  return path;
}

test("a saved model comes back as it was, by its class and by the base class", (t) => {
  const model = referenceModel("float32");
  const path = join(folder, "whole");
  model.savePretrained(path);
  t.deepEqual(readdirSync(path).sort(), ["config.json", "model.safetensors"]);
  t.deepEqual(torch.loadMetadata(join(path, "model.safetensors")), { format: "pt" });
  for (const read of [Model, VLBertForQuestionAnswering]) {
    const again = read.fromPretrained(path);
    t.true(again instanceof VLBertForQuestionAnswering);
    t.deepEqual({ ...again.config }, { ...config });
    const state = again.stateDict();
    for (const [name, tensor] of Object.entries(model.stateDict())) {
      t.true(torch.equal(state[name], tensor), name);
    }
  }
  t.is(JSON.parse(readFileSync(join(path, "config.json"), "utf8")).model_type, "vl-bert");
});

test("saving again replaces both files", (t) => {
  const path = saved("again");
  const model = referenceModel("float32");
  torch.noGrad(() => model.vlbert.end_embedding.weight.fill_(3));
  model.savePretrained(path);
  t.deepEqual(readdirSync(path).sort(), ["config.json", "model.safetensors"]);
  const again = VLBertForQuestionAnswering.fromPretrained(path);
  t.true(torch.equal(again.vlbert.end_embedding.weight, model.vlbert.end_embedding.weight));
});

test("a weights file is read with the configuration beside it", (t) => {
  const path = saved("file");
  const model = VLBertForQuestionAnswering.fromPretrained(join(path, "model.safetensors"));
  t.is(model.config.num_answers, 5);
});

test("names that a wrapper prefixed are read", (t) => {
  const weights = (state: Record<string, Tensor>) =>
    Object.fromEntries(Object.entries(state).map(([name, tensor]) => [`module.${name}`, tensor]));
  t.notThrows(() => Model.fromPretrained(saved("wrapped", { weights })));
});

test("weights that do not fit are refused with all problems and the path", (t) => {
  const path = saved("misfit", {
    weights: ({ "final_mlp.2.bias": _, ...state }) => ({
      ...state,
      "final_mlp.2.weight": torch.ones([4, 16]),
      pooler: torch.ones([1]),
    }),
  });
  const { message } = t.throws(() => Model.fromPretrained(path));
  t.true(message.startsWith(path));
  t.true(message.includes("missing: final_mlp.2.bias"));
  t.true(message.includes("unexpected: pooler"));
  t.true(message.includes("shape: final_mlp.2.weight is [5, 16], given [4, 16]"));
});

test("configurations that do not fit are refused", (t) => {
  t.throws(() => Model.fromPretrained(saved("type", { config: { model_type: "gpt" } })), {
    message: /config.json: model_type is "gpt"; known are vl-bert/,
  });
  t.throws(() => Model.fromPretrained(saved("key", { config: { hidden_size: 0 } })), {
    message: /hidden_size/,
  });
  const path = saved("broken");
  writeFileSync(join(path, "config.json"), "{");
  t.throws(() => Model.fromPretrained(path), { message: /config.json: is not JSON/ });
  rmSync(join(path, "config.json"));
  execFileSync("mkfifo", [join(path, "config.json")]);
  t.throws(() => Model.fromPretrained(path), { message: /config.json is a pipe/ });
});

test("missing files are named", (t) => {
  t.throws(() => Model.fromPretrained(join(folder, "nowhere")), { message: /no such file/ });
  const path = saved("partial");
  rmSync(join(path, "config.json"));
  t.throws(() => Model.fromPretrained(path), { message: /partial\/config.json not found/ });
});

test("reading leaves no tensors but the model's", (t) => {
  const path = saved("memory");
  const before = torch.memory().tensors;
  const model = Model.fromPretrained(path);
  t.is(torch.memory().tensors - before, Object.keys(model.stateDict()).length);
});
