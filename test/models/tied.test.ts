import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import {
  type AdaptableModel,
  adapt,
  exportAdapted,
  loadAdapted,
  lowRank,
} from "../../src/adaptive";
import { frozenOrTuned } from "../../src/adaptive/alternative";
import { LxmertForPreTraining, Model, VLBertConfig, VLBertForPreTraining } from "../../src/models";
import { Linear, Module, Parameter } from "../../src/nn";
import * as torch from "../../src/torch";
import { config, referenceInputs, withReferenceWeights } from "./lxmert-support";

const root = mkdtempSync(join(tmpdir(), "adaptune-tied-"));
test.after.always(() => rmSync(root, { recursive: true }));

const decoder = "cls.predictions.decoder";
const words = "lxmert.embeddings.word_embeddings.weight";
const quiet = { report: () => {} };

const reference = () => withReferenceWeights(new LxmertForPreTraining(config)).eval();
const logits = (model: Module) =>
  (model as LxmertForPreTraining).forward(referenceInputs()).wordLogits;
const storedConfig = (folder: string) =>
  JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));

class Tied extends Module {
  readonly embedding = new Parameter(torch.zeros([2, 2]));
  readonly decoder = new Linear(2, 2, { bias: false });

  constructor() {
    super();
    this.decoder.weight = this.embedding;
  }
}

test("two values for one weight are refused by name, and nothing is loaded", (t) => {
  const model = new Tied();
  const state = { embedding: torch.ones([2, 2]), "decoder.weight": torch.full([2, 2], 2) };
  t.throws(() => model.loadStateDict(state), {
    message: /tied: embedding and decoder.weight are one weight here/,
  });
  t.throws(() => model.loadStateDict(state, { strict: false }), { message: /tied/ });
  t.is(model.embedding.sum().item(), 0);
});

test("one value by both names is loaded, NaN too, and so is one by one name", (t) => {
  const model = new Tied();
  const value = torch.tensor([
    [1, Number.NaN],
    [3, 4],
  ]);
  t.notThrows(() => model.loadStateDict({ embedding: value, "decoder.weight": value.clone() }));
  t.notThrows(() => model.loadStateDict({ "decoder.weight": torch.ones([2, 2]) }));
  t.is(model.embedding.sum().item(), 4);
});

test("a decoder with values of its own is read untied, and stays so when saved", (t) => {
  const model = reference();
  const state = Object.fromEntries(
    Object.entries(model.stateDict()).map(([name, weight]) => [name, weight.detach().clone()]),
  );
  state[`${decoder}.weight`] = state[`${decoder}.weight`].mul(2);
  const folder = join(root, "untied");
  model.savePretrained(folder);
  torch.save(state, join(folder, "model.safetensors")); // whose configuration says they are tied
  const untied: string[][] = [];
  const read = Model.fromPretrained(folder, {
    report: (report) => untied.push([...report.untied]),
  }) as LxmertForPreTraining;
  t.deepEqual(untied, [[`${decoder}.weight`]]);
  t.false(read.config.tie_word_embeddings);
  const named = read.stateDict();
  t.true(torch.equal(named[words], state[words]));
  t.true(torch.equal(named[`${decoder}.weight`], state[`${decoder}.weight`]));
  read.eval().savePretrained(join(root, "again"));
  const again = Model.fromPretrained(join(root, "again"), quiet).eval();
  t.true(torch.equal(logits(again), logits(read)));
  t.throws(
    () => Model.fromPretrained(folder, { ...quiet, config: { tie_word_embeddings: true } }),
    { message: /tied: .*word_embeddings.* one weight/ },
  );
});

test("tied weights are saved once and tied again", (t) => {
  const folder = join(root, "tied");
  reference().savePretrained(folder);
  t.true(storedConfig(folder).tie_word_embeddings);
  t.false(Object.keys(torch.load(join(folder, "model.safetensors"))).includes(`${decoder}.weight`));
  const state = Model.fromPretrained(folder, quiet).stateDict();
  t.is(state[words], state[`${decoder}.weight`]);
});

const trained = (module: Module) => {
  for (const [name, parameter] of module.namedParameters()) {
    if (parameter.requiresGrad && name.includes("decoder.")) {
      torch.noGrad(() => parameter.add_(torch.randnLike(parameter).mul(0.5)));
    }
  }
};

for (const [name, what] of [
  ["LoRA alone", [lowRank({ rank: 2 })]],
  ["frozen or LoRA", frozenOrTuned(lowRank({ rank: 2 }))],
  ["frozen or tuned", frozenOrTuned()],
] as const) {
  test(`a tied decoder that is a site gives the same when written and read: ${name}`, (t) => {
    const strategy = {
      name: "decoder",
      where: [decoder],
      what,
      head: [],
      also: [],
      except: [],
    };
    const model = adapt(reference() as AdaptableModel, strategy, { policy: { layers: 1 } }).eval();
    trained(model);
    const mask = model.sites.map(() => what.length - 1);
    const inputs = referenceInputs();
    const options = what.length > 1 ? { decisions: mask } : {};
    const expected = model.forward(inputs, options).wordLogits;
    const plain = join(root, `${name} plain`);
    exportAdapted(model, plain, what.length > 1 ? { mask } : {});
    t.false(storedConfig(plain).tie_word_embeddings);
    const read = Model.fromPretrained(plain, quiet).eval();
    t.true(torch.allclose(logits(read), expected, { rtol: 1e-4, atol: 1e-5 }));
    t.false(torch.allclose(logits(reference()), expected));
    if (what.length === 1) return;
    const adaptive = join(root, `${name} adaptive`);
    exportAdapted(model, adaptive);
    const again = loadAdapted(adaptive);
    t.true(torch.equal(again.forward(inputs, options).wordLogits, expected));
  });
}

test("VL-BERT's decoder is untied likewise", (t) => {
  const size = new VLBertConfig({
    vocab_size: 20,
    hidden_size: 16,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    intermediate_size: 24,
    max_position_embeddings: 12,
    visual_size: 24,
    mask_token_id: 4,
  });
  const model = new VLBertForPreTraining(size);
  const { decoder: own } = model.vlbert.mlm_head.predictions;
  own.weight = new Parameter(own.weight.detach().mul(3));
  const folder = join(root, "vl-bert");
  model.savePretrained(folder);
  t.false(storedConfig(folder).tie_word_embeddings);
  const read = VLBertForPreTraining.fromPretrained(folder, quiet);
  t.true(torch.equal(read.vlbert.mlm_head.predictions.decoder.weight, own.weight));
  t.true(torch.equal(read.vlbert.word_embeddings.weight, model.vlbert.word_embeddings.weight));
});
