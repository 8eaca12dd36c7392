import test from "ava";
import * as torch from "../../src/torch";
import type { Task } from "../../src/train/task";
import { Trainer } from "../../src/train/trainer";
import { task, tinyModel, tinyRecipe, type Variation, weightsOf } from "../train/support";
import { loadStandIn, STAND_IN } from "./stand-in";

const { notes } = loadStandIn();

test.beforeEach(() => void notes());

/** The task's examples, of which some have a word more: their batches have padding. */
const padded: Pick<Task, "dataset" | "train"> = {
  ...task,
  train: task.train.map((example, n) => {
    const { tokens, answerStart } = example;
    const longer = { tokens: [tokens[0], ...tokens], answerStart: answerStart + 1 };
    return n % 3 === 0 ? { ...example, ...longer } : example;
  }),
};

function trainer(variation: Variation, { device = STAND_IN, on = padded } = {}) {
  const recipe = tinyRecipe(variation);
  return new Trainer(recipe, tinyModel(recipe).to(device), on);
}

const policy = { hiddenSize: 8, heads: 1, warmup: 2 };
const variations: readonly (readonly [string, Variation, reads: string[]])[] = [
  ["standard", { strategy: "standard" }, []],
  ["SpotTune_Block", { strategy: "SpotTune_Block" }, ["copy of Long [16, 2]"]],
  ["SpotTune", { more: { strategy: { name: "SpotTune", policy } } }, ["copy of Long [16, 10]"]],
  [
    "SpotTune_Block on LXMERT",
    { strategy: "SpotTune_Block", model: "lxmert" },
    ["copy of Long [16, 4]"],
  ],
  [
    "SpotTune_Block with a global budget and sampled counterfactuals",
    {
      more: {
        strategy: {
          name: "SpotTune_Block",
          policy,
          gate: { counterfactuals: "adaptive" },
          budget: { target: 1, scope: "global" },
        },
      },
    },
    ["copy of Long [2, 16, 2]"],
  ],
];

for (const [name, variation, decisions] of variations) {
  test.serial(`a step of ${name} waits for its decisions and its numbers, and sends ahead`, (t) => {
    for (const on of [padded, task]) {
      const training = trainer(variation, { on });
      training.next();
      notes();
      training.next();
      const { reads, uploads } = notes();
      t.deepEqual(reads.slice(0, -1), decisions);
      t.regex(reads.at(-1)!, /^copy of Double \[\d+\]$/, "losses, usage and norms");
      t.true(uploads.length > 0);
      t.deepEqual(
        uploads.filter((upload) => !upload.startsWith("pinned ")),
        [],
      );
    }
  });

  test.serial(`${name} starts from the same weights and learns the same as on the CPU`, (t) => {
    const [own, other] = ["cpu", STAND_IN].map((device) =>
      trainer({ ...variation, dropout: 0 }, { device }),
    );
    t.deepEqual(weightsOf(other.model), weightsOf(own.model));
    if (decisions.length > 0) return; // they are drawn from generators of their own
    for (let step = 0; step < 4; step++) {
      const [expected, found] = [own.next(), other.next()];
      t.true(Math.abs(found.loss - expected.loss) < 1e-4, `${found.loss}, ${expected.loss}`);
    }
  });

  test.serial(`${name}: steps, restore, steps equal all steps to the bit`, (t) => {
    const whole = trainer(variation);
    for (let step = 0; step < 2; step++) whole.next();
    const state = whole.state();
    const copy = (tensors: Readonly<Record<string, torch.Tensor>>) =>
      Object.fromEntries(
        Object.entries(tensors).map(([key, one]) => [key, one.detach().cpu().clone()]),
      );
    const optimization = ({ optimizer, scheduler }: typeof state.model) => ({
      optimizer: { groups: structuredClone(optimizer.groups), tensors: copy(optimizer.tensors) },
      scheduler: structuredClone(scheduler),
    });
    const kept = {
      ...state,
      model: optimization(state.model),
      policy: state.policy && optimization(state.policy),
      usage: state.usage && copy(state.usage),
    };
    t.truthy(kept.deviceRng);
    const weights = copy(whole.model.stateDict());
    const expected = [whole.next(), whole.next()];
    torch.manualSeed(99); // what others draw changes nothing

    const resumed = trainer(variation);
    resumed.model.loadStateDict(weights);
    resumed.restore(kept);
    t.deepEqual([resumed.next(), resumed.next()], expected);
    t.deepEqual(weightsOf(resumed.model), weightsOf(whole.model));
  });
}
