import test from "ava";
import * as adaptive from "../../src/adaptive";
import { VLBertConfig, VLBertForQuestionAnswering } from "../../src/models";
import * as nn from "../../src/nn";
import * as optim from "../../src/optim";
import * as torch from "../../src/torch";

const config = {
  hidden_size: 8,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 8,
};
const model = () =>
  new VLBertForQuestionAnswering(
    new VLBertConfig({
      ...config,
      vocab_size: 9,
      mask_token_id: 3,
      visual_size: 4,
      num_answers: 2,
    }),
  );
// biome-ignore lint/suspicious/noExplicitAny: as JavaScript calls it
const loose = { ...adaptive, nn, optim } as any;

const weights = () => [new nn.Parameter(torch.ones([2, 2]))];

/** Calls with a name that is mistyped, and the one that was meant. */
const calls: Record<string, [() => unknown, RegExp]> = {
  adapt: [() => loose.adapt(model(), "SpotTune_Block", { gates: {} }), /'gates'.*'gate'/],
  gate: [
    () => loose.adapt(model(), "SpotTune_Block", { gate: { temprature: 2 } }),
    /'temprature'.*'temperature'/,
  ],
  policy: [
    () => loose.adapt(model(), "SpotTune_Block", { policy: { hidden_size: 4 } }),
    /'hidden_size'.*'hiddenSize'/,
  ],
  kind: [
    () => loose.adapt(model(), "SpotTune_Block", { policy: { kind: "Pooled" } }),
    /not Pooled: did you mean pooled/,
  ],
  start: [
    () =>
      loose.adapt(model(), "SpotTune_Block", {
        policy: { initially: { alternatve: "tuned", probability: 0.9 } },
      }),
    /'alternatve'/,
  ],
  estimator: [() => new loose.Gate({ estimator: { kind: "REINFORCE" } }), /"REINFORCE".*reinforce/],
  "estimator's options": [
    () => new loose.Gate({ estimator: { kind: "reinmax", samples: 2 } }),
    /'samples'/,
  ],
  schedule: [
    () => new loose.Gate({ temperature: { schedule: "cosin", start: 5, end: 1, steps: 9 } }),
    /"cosin".*cosine/,
  ],
  "schedule's options": [
    () => new loose.Gate({ temperature: { schedule: "cosine", begin: 5, end: 1, steps: 9 } }),
    /'begin'/,
  ],
  counterfactuals: [() => new loose.Gate({ counterfactuals: { fixd: 0.5 } }), /'fixd'.*'fixed'/],
  strategy: [() => loose.spotTuneBlock({ heads: [] }), /'heads'.*'head'/],
  "strategy's parts": [() => loose.blockDrop({ alsso: [] }), /BlockDrop.*'alsso'.*'also'/],
  name: [() => loose.adapt(model(), "spottune_block"), /SpotTune_Block/],
  lowRank: [() => loose.lowRank({ ranks: 2 }), /'ranks'.*'rank'/],
  layer: [() => new loose.nn.Linear(2, 2, { biass: false }), /Linear: .*'biass'.*'bias'/],
  "no object": [() => new loose.nn.Linear(2, 2, false), /expected an object, given false/],
  loss: [
    () => new loose.nn.CrossEntropyLoss({ label_smoothing: 0.1 }),
    /'label_smoothing'.*'labelSmoothing'/,
  ],
  optimizer: [
    () => new loose.optim.AdamW(weights(), { weight_decay: 0.1 }),
    /'weight_decay'.*'weightDecay'/,
  ],
  group: [() => new loose.optim.AdamW([{ params: weights(), Lr: 0.1 }]), /'Lr'.*'lr'/],
  scheduler: [
    () => new loose.optim.StepLR(new optim.SGD(weights()), 2, { gama: 0.1 }),
    /'gama'.*'gamma'/,
  ],
  config: [() => new VLBertConfig({ hiden_size: 4 } as object), /hiden_size.*hidden_size/],
};

for (const [name, [call, message]] of Object.entries(calls)) {
  test(`${name}: an option that there is not is refused with the nearest`, (t) => {
    t.throws(call, { message });
  });
}

test("what is to match has to: targets, and numbers of blocks", (t) => {
  const adapt = (strategy: adaptive.Strategy) => () => adaptive.adapt(model(), strategy);
  t.throws(adapt(adaptive.lora({ rank: 2, targets: ["query", "vlaue"] })), {
    message: /"vlaue" matches no.*value/,
  });
  t.throws(adapt(adaptive.lastK({ k: 0 })), { message: /the last 0 of 2 sites: expected 1 to 2/ });
  t.throws(adapt(adaptive.lastK({ k: 400 })), { message: /the last 400 of 2 sites/ });
  t.notThrows(adapt(adaptive.lastK({ k: 2 })));
});

test("a model says which inputs it lacks and which it does not know", (t) => {
  const adapted = adaptive.adapt(model(), "SpotTune_Block", {
    policy: { hiddenSize: 4, heads: 1 },
  });
  const inputs = {
    inputIds: torch.ones([1, 3], { dtype: "int64" }),
    regionFeatures: torch.zeros([1, 2, 4]),
    regionBoxes: torch.zeros([1, 2, 4]),
  };
  for (const one of [adapted, model()] as nn.Module[]) {
    const forward = (given: object) => () => one.forward(given);
    t.throws(forward({ ...inputs, attention_mask: null }), {
      message: /'attention_mask'.*'attentionMask'/,
    });
    t.throws(forward({ ...inputs, inputIds: undefined }), {
      message: /expected inputIds to be a Tensor/,
    });
  }
  const none = Object.fromEntries(
    Object.entries(inputs).map(([key, value]) => [key, value.narrow(0, 0, 0)]),
  );
  t.throws(() => adapted.forward(none as never), { message: /a batch of none/ });
});
