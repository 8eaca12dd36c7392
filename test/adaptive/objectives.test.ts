import test from "ava";
import { adapt, blockDrop, blockDropReward, reinforce, selfCritical } from "../../src/adaptive";
import * as torch from "../../src/torch";
import { vlBertCase as model } from "./cases";
import { close, move } from "./support";

test("BlockDrop's reward is for few sites and right answers", (t) => {
  const choice = torch.tensor([[0, 0, 1, 1], [1, 1, 1, 1], [0, 0, 0, 0], [1, 1, 1, 1]]).long(); // biome-ignore format: a batch
  const correct = torch.tensor([true, true, true, false]);
  const reward = blockDropReward(choice, correct, { used: [0], penalty: 2 });
  t.deepEqual(reward.toArray(), [0.75, 1, 0, -2]);
  const both = blockDropReward(choice, correct, { used: [0, 1] });
  t.deepEqual(both.toArray(), [0, 0, 0, -5]);
});

function setting() {
  torch.manualSeed(3);
  const gate = { estimator: reinforce() };
  const policy = { kind: "constant" } as const;
  const adapted = adapt(model.make(), blockDrop(), { gate, policy }).train();
  move(adapted);
  return { adapted, inputs: model.inputs(4000) };
}

test("REINFORCE on a routed model follows the exact gradient of the expected reward", (t) => {
  const { adapted, inputs } = setting();
  const correct = torch.ones([4000], { dtype: "bool" });
  const outputs = adapted.forward(inputs);
  t.true(
    adapted.executed.every(({ withoutGradient }) => withoutGradient === 0),
    "no counterfactuals",
  );
  const loss = selfCritical(adapted, inputs, outputs, (_, choice) =>
    blockDropReward(choice, correct, { used: [0] }),
  );
  loss.backward();
  const [logits] = adapted.parameterGroups().policy; // [2,2]
  const sampled = logits.grad!.clone();

  // Two sites, each kept or skipped: four outcomes.
  logits.grad = null;
  const [first, second] = logits.softmax(-1).unbind(0);
  const outcomes = first.unsqueeze(1).mul(second); // [2,2]
  const rewards = torch.tensor([
    [0, 0.75],
    [0.75, 1],
  ]);
  outcomes.mul(rewards).sum().neg().backward();
  close(t, sampled, logits.grad, 0.03, "gradient");
  t.true(logits.grad!.abs().max().item() > 0.1);
});

test("the baseline is the same input's most probable decisions, without dropout or gradient", (t) => {
  const { adapted, inputs } = setting();
  const outputs = adapted.forward(inputs);
  const seen: boolean[] = [];
  const loss = selfCritical(adapted, inputs, outputs, (_, choice) => {
    seen.push(torch.isGradEnabled());
    return choice.to("float32").sum([1]);
  });
  t.deepEqual(seen, [false, false]);
  t.true(adapted.training, "the mode is as it was");
  t.true(loss.requiresGrad);

  const best = outputs.probabilities!.argmax(-1);
  const same = { ...outputs, decisions: best } as typeof outputs;
  const none = selfCritical(adapted, inputs, same, (_, choice) => choice.to("float32").sum([1]));
  t.is(Math.abs(none.item()), 0, "what equals the baseline teaches nothing");
});
