import test from "ava";
import {
  adapt,
  type ConstantPolicy,
  Gate,
  reinforce,
  spotTune,
  spotTuneBlock,
} from "../../../src/adaptive";
import { vlBert } from "../cases";
import { lossOf } from "../support";

const model = vlBert({ num_hidden_layers: 3, num_attention_heads: 2 });
const curriculum = { alternative: "frozen", steps: 10 };

function adapted(strategy = spotTuneBlock()) {
  const made = adapt(model.make(), strategy, {
    policy: { kind: "constant" },
    gate: { curriculum },
  });
  return made.train();
}

test("blocks become free from the last one backwards", (t) => {
  const made = adapted();
  const inputs = model.inputs(64);
  for (const [step, free] of [
    [0, 1],
    [4, 1],
    [5, 2],
    [10, 3],
    [99, 3],
  ]) {
    made.gate.step = step;
    const { decisions, probabilities } = made.forward(inputs);
    const usage = decisions!.to("float32").mean([0]).toArray<number[]>(); // of `tuned`
    t.is(usage.filter((share) => share > 0).length, free, `step ${step}`);
    t.true(usage.slice(0, 3 - free).every((share) => share === 0));
    t.deepEqual(
      probabilities!.select(0, 0).select(1, 1).toArray(),
      [0, 1, 2].map((n) => (n < 3 - free ? 0 : 0.5)),
    );
  }
});

test("what is held costs no counterfactual and gets no gradient", (t) => {
  const made = adapted();
  made.resetExecuted();
  lossOf({ ...made.forward(model.inputs(8)), gate: undefined }).backward();
  const ran = made.executed.map(({ withoutGradient }) => withoutGradient);
  t.deepEqual(ran.slice(0, 4), [0, 0, 0, 0]);
  t.is(ran[4] + ran[5], 8);
  const slopes = (made.policy as ConstantPolicy).logits.grad!.abs().sum([1]).toArray<number[]>();
  t.deepEqual(slopes.slice(0, 2), [0, 0]);
});

test("all sites of a block become free at once", (t) => {
  const made = adapted(spotTune());
  const perBlock = made.sites.length / 3;
  made.gate.step = 5;
  const { decisions } = made.forward(model.inputs(64));
  const usage = decisions!.to("float32").mean([0]).toArray<number[]>();
  t.deepEqual(
    usage.map((share) => share > 0),
    usage.map((_, n) => n >= perBlock),
  );
});

test("evaluation asks the policy everywhere", (t) => {
  const policy = {
    kind: "constant",
    initially: { alternative: "tuned", probability: 0.9 },
  } as const;
  const made = adapt(model.make(), spotTuneBlock(), { policy, gate: { curriculum } }).eval();
  t.deepEqual(made.forward(model.inputs(1)).decisions!.to("int32").toArray(), [[1, 1, 1]]);
});

test("exploration leaves what is held alone", (t) => {
  const gate = { curriculum, estimator: reinforce({ explore: 0.9 }) };
  const made = adapt(model.make(), spotTuneBlock(), { policy: { kind: "constant" }, gate });
  const { decisions, probabilities } = made.train().forward(model.inputs(64));
  t.deepEqual(decisions!.to("float32").narrow(1, 0, 2).sum().item(), 0);
  const picked = probabilities!.select(2, 0).narrow(1, 0, 2);
  t.true(picked.eq(1).all().item() as unknown as boolean);
});

test("an alternative that there is not is refused", (t) => {
  const space = { sites: ["0"], alternatives: ["keep", "skip"] };
  t.throws(() => new Gate({ curriculum }, space), { message: /keep or skip, not at frozen/ });
});
