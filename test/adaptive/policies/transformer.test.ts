import test from "ava";
import { adapt, GivenPolicy, PolicyNetwork, spotTuneBlock } from "../../../src/adaptive";
import { Module } from "../../../src/nn";
import * as torch from "../../../src/torch";
import { vlBertCase as model, residualCase } from "../cases";
import { close, move } from "../support";

test("a policy network starts at its initial probability", (t) => {
  torch.manualSeed(1);
  const initially = { alternative: "tuned", probability: 0.9 };
  const policy = { layers: 1, hiddenSize: 16, heads: 2, initially };
  const adapted = adapt(model.make(), spotTuneBlock(), { policy }).eval();
  const { probabilities, decisions } = adapted.forward(model.inputs(4));
  t.deepEqual(probabilities!.shape, [4, 2, 2]);
  t.true(probabilities!.select(2, 1).sub(0.9).abs().max().item() < 0.03);
  t.true(
    decisions!
      .toArray<number[][]>()
      .flat()
      .every((choice) => choice === 1),
  );
});

test("undecided, it is close to even and yet differs between inputs", (t) => {
  torch.manualSeed(1);
  const adapted = adapt(model.make(), spotTuneBlock(), { policy: { hiddenSize: 16 } }).eval();
  const tuned = adapted.forward(model.inputs(4)).probabilities!.select(2, 1); // [B,N]
  t.true(tuned.sub(0.5).abs().max().item() < 0.1);
  t.true(tuned.std(0).min().item() > 0);
});

test("an initial bias has to name an alternative and a probability", (t) => {
  const start = (alternative: string, probability: number) => () =>
    adapt(model.make(), spotTuneBlock(), { policy: { initially: { alternative, probability } } });
  t.throws(start("turned", 0.9), { message: /frozen or tuned.* not at turned with 0.9/ });
  t.throws(start("tuned", 1), { message: /between 0 and 1/ });
});

test("frozen embeddings are shared, so that the policy is small", (t) => {
  const { policy } = adapt(model.make(), spotTuneBlock(), { policy: { hiddenSize: 16 } });
  t.true(policy instanceof PolicyNetwork);
  const names = policy!.namedParameters().map(([name]) => name);
  t.true(names.every((name) => !name.includes("embeddings")));
  t.true(policy!.parameters().every(({ requiresGrad }) => requiresGrad));
});

test("where embeddings train, the policy keeps the pretrained ones", (t) => {
  torch.manualSeed(2);
  const strategy = spotTuneBlock({ also: ["vlbert.word_embeddings"] });
  const adapted = adapt(model.make(), strategy, { policy: { hiddenSize: 16 } }).eval();
  const inputs = model.inputs(4);
  const before = adapted.forward(inputs).probabilities!;
  const names = Object.keys(adapted.stateDict()).filter((name) => name.startsWith("policy."));
  t.true(names.includes("policy.embeddings.vlbert.word_embeddings.weight"));
  t.false(names.some((name) => /encoder\.layer\.\d|final_mlp/.test(name)));

  move(adapted.model);
  close(t, adapted.forward(inputs).probabilities!, before, 0, "what the policy says");
  const { policy } = adapted.parameterGroups();
  t.false(
    policy.some((parameter) => parameter.shape.includes(30)),
    "its embeddings do not train",
  );
});

test("a given policy decides as told, whatever the noise", (t) => {
  const policy = new GivenPolicy([1, 0], 2);
  const adapted = adapt(model.make(), spotTuneBlock(), { policy }).train();
  for (let draw = 0; draw < 5; draw++) {
    t.deepEqual(adapted.forward(model.inputs(3)).decisions!.to("int32").toArray(), [
      [1, 0],
      [1, 0],
      [1, 0],
    ]);
  }
  t.true(adapted.executed.every(({ withoutGradient }) => withoutGradient === 0));
});

test("a model without embeddings needs a policy of the user's", (t) => {
  const strategy = { ...spotTuneBlock({ head: ["head"] }), where: "stem.blocks.*" };
  t.throws(() => adapt(residualCase.make(), strategy), { message: /ResidualNetwork has no embed/ });
});

test("logits of another shape than [B,N,K] are refused", (t) => {
  class Wrong extends Module {
    override forward(): torch.Tensor {
      return torch.zeros([3, 2]);
    }
  }
  const adapted = adapt(model.make(), spotTuneBlock(), { policy: new Wrong() });
  t.throws(() => adapted.forward(model.inputs(3)), {
    message: /logits \[3,2\] where \[B,N,K\] is \[3,2,2\]: 2 sites with frozen, tuned/,
  });
});
