import test from "ava";
import {
  type AdaptedModel,
  adapt,
  bitFit,
  block,
  component,
  findSites,
  last,
  lastK,
  layers,
  lora,
  numbered,
  segment,
  standard,
  strategies,
  strategyNamed,
} from "../../src/adaptive";
import {
  LxmertConfig,
  LxmertForQuestionAnswering,
  VLBertConfig,
  VLBertForQuestionAnswering,
} from "../../src/models";
import * as torch from "../../src/torch";
import { bertCase, lxmertCase, type ModelCase, vitCase, vlBertCase } from "./cases";
import { cast, close, lossOf, move, sameOutputs } from "./support";

/** Base models but for widths, which decision counts do not depend on. */
const narrow = { hidden_size: 24, intermediate_size: 8, vocab_size: 30 };
const vlBertBase = () =>
  new VLBertForQuestionAnswering(
    new VLBertConfig({ ...narrow, visual_size: 8, num_answers: 3, mask_token_id: 4 }),
  );
const lxmertBase = () =>
  new LxmertForQuestionAnswering(
    new LxmertConfig({ ...narrow, visual_feat_dim: 8, num_qa_labels: 3 }),
  );

const namesOf = (...[model, where]: Parameters<typeof findSites>) =>
  findSites(model, where).map(({ name }) => name);

test("VL-BERT-base has 12, 24 and 180 sites, LXMERT-base 19, 53 and 425", (t) => {
  const counts = (model: ReturnType<ModelCase["make"]>) =>
    [block, segment, component].map((where) => findSites(model, where).length);
  t.deepEqual(counts(vlBertBase()), [12, 24, 12 * (12 + 3)]);
  t.deepEqual(counts(lxmertBase()), [9 + 5 + 5, 14 * 2 + 5 * 5, 14 * 15 + 5 * 43]);
});

test("sites have the names of their places", (t) => {
  const vlBert = namesOf(vlBertBase(), component);
  t.is(vlBert[0], "vlbert.encoder.layer.0.attention.head.0");
  t.deepEqual(vlBert.slice(11, 15), [
    "vlbert.encoder.layer.0.attention.head.11",
    "vlbert.encoder.layer.0.attention.output",
    "vlbert.encoder.layer.0.feedForward.intermediate",
    "vlbert.encoder.layer.0.feedForward.output",
  ]);
  const lxmert = namesOf(lxmertBase(), component);
  t.is(new Set(lxmert).size, 425);
  t.true(lxmert.includes("lxmert.encoder.x_layers.2.lang_self_att.head.7"));
  const cross = lxmert.filter((name) => name.startsWith("lxmert.encoder.x_layers.4."));
  t.is(cross.length, 43);
  t.is(cross.filter((name) => name.includes("visual_attention")).length, 13);
  t.deepEqual(namesOf(lxmertBase(), last(1, block)), ["lxmert.encoder.x_layers.4"]);
});

test("heads are found by patterns, all of an attention or none", (t) => {
  const model = vlBertCase.make();
  const heads = "vlbert.encoder.layer.1.attention.head";
  t.deepEqual(namesOf(model, `${heads}.*`), [`${heads}.0`, `${heads}.1`]);
  t.throws(() => findSites(model, `${heads}.1`), { message: /together or not.* are 1 of 2/ });
  t.throws(() => findSites(model, [`${heads}.*`, "vlbert.encoder.layer.1.attention"]), {
    message: /head.0" lies inside site "vlbert.encoder.layer.1.attention"/,
  });
  t.throws(() => findSites(model, numbered([1, 7], block)), {
    message: "no site has number 7: they count from 0 to 1",
  });
});

const trained = (adapted: AdaptedModel) =>
  adapted
    .namedParameters()
    .filter(([, { requiresGrad }]) => requiresGrad)
    .map(([name]) => name);

for (const [model, encoder, lastBlock] of [
  [vlBertCase, "vlbert.encoder", "layer.1."],
  [lxmertCase, "lxmert.encoder", "x_layers.1."],
  [bertCase, "bert.encoder", "layer.1."],
  [vitCase, "vit.encoder", "layer.1."],
] as const) {
  const isHead = (name: string) =>
    model.heads.some((head) => name.split(".").slice(0, 2).includes(head));
  const expected: Record<string, (name: string) => boolean> = {
    standard: () => true,
    frozen: () => false,
    "head-only": isHead,
    "last-k": (name) => isHead(name) || name.startsWith(`${encoder}.${lastBlock}`),
    layers: (name) => isHead(name) || name.startsWith(`${encoder}.layer.0.`),
    LoRA: (name) => isHead(name) || /\.lora_[AB]$/.test(name),
    BitFit: (name) => isHead(name) || name.endsWith(".bias"),
  };
  const plans = {
    ...strategies,
    "last-k": () => lastK({ k: 1 }),
    layers: () => layers({ blocks: [0] }),
    LoRA: () => lora({ rank: 2 }),
  };

  for (const [name, trains] of Object.entries(expected)) {
    test(`${name} on ${model.name}: what trains, and it starts as the pretrained model`, (t) => {
      torch.manualSeed(3);
      const pretrained = model.make().to("float64");
      const adapted = adapt(pretrained, plans[name as keyof typeof plans]()) as AdaptedModel;
      t.deepEqual(
        trained(adapted),
        adapted
          .namedParameters()
          .map(([n]) => n)
          .filter(trains),
      );
      t.is(name !== "frozen", trained(adapted).length > 0);
      t.deepEqual([adapted.sites, adapted.policy], [[], null]);
      const inputs = cast(model.inputs(4), "float64");
      sameOutputs(t, adapted.train().forward(inputs), pretrained.forward(inputs), 1e-12);
    });

    if (name === "frozen") continue;
    test(`${name} on ${model.name}: frozen weights get no gradient, trained ones standard's`, (t) => {
      torch.manualSeed(3);
      const pretrained = model.make().to("float64");
      const adapted = adapt(pretrained, plans[name as keyof typeof plans]()) as AdaptedModel;
      const finetuned = adapt(pretrained, standard()).train();
      const inputs = cast(model.inputs(4), "float64");
      lossOf(adapted.train().forward(inputs)).backward();
      lossOf(finetuned.forward(inputs)).backward();
      const whole = new Map(finetuned.namedParameters());
      for (const [own, { grad, requiresGrad }] of adapted.namedParameters()) {
        if (!requiresGrad) t.is(grad, null, own);
        else if (whole.has(own)) close(t, grad, whole.get(own)!.grad, 1e-10, own);
      }
    });

    test(`${name} on ${model.name}: merges into a plain model`, (t) => {
      torch.manualSeed(3);
      const pretrained = model.make().to("float64");
      const adapted = adapt(pretrained, plans[name as keyof typeof plans]()).to("float64");
      move(adapted);
      const merged = adapted.merge();
      t.deepEqual(Object.keys(merged.stateDict()), Object.keys(pretrained.stateDict()));
      const inputs = cast(model.inputs(4), "float64");
      sameOutputs(t, merged.eval().forward(inputs), adapted.eval().forward(inputs), 1e-12);
    });
  }
}

test("LoRA takes targets by name, and says where there are none", (t) => {
  const model = vlBertCase.make();
  const names = trained(adapt(model, lora({ rank: 1, targets: ["intermediate.dense"], head: [] })));
  t.is(names.length, 2 * 2);
  t.true(names.every((name) => name.includes(".intermediate.dense.lora_")));
  t.throws(() => adapt(model, lora({ targets: ["querry"] })), {
    message: /"querry" matches no linear layer: did you mean query/,
  });
  t.throws(() => adapt(model, lora({ rank: 17 })), { message: /rank 17 .* from 1 to 16/ });
});

test("BitFit trains more where asked", (t) => {
  const names = trained(
    adapt(vlBertCase.make(), bitFit({ head: [], also: ["vlbert.end_embedding"] })),
  );
  t.true(names.includes("vlbert.end_embedding.weight"));
  t.is(names.filter((name) => !name.endsWith("bias")).length, 1);
});

test("every strategy has the name it is known by", (t) => {
  for (const name of Object.keys(strategies)) t.is(strategyNamed(name).name, name);
});
