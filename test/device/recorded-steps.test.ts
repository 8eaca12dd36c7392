import test from "ava";
import * as torch from "../../src/torch";
import type { Recorder } from "../../src/train/recorder";
import { Trainer } from "../../src/train/trainer";
import {
  STATIC_STRATEGIES,
  staticVariation,
  tinyModel,
  tinyRecipe,
  unevenTask,
  type Variation,
  weightsOf,
} from "../train/support";
import { loadStandIn, STAND_IN } from "./stand-in";

const { notes, record } = loadStandIn();

/** Runs work a few times before it is recorded, as `torch.cuda.graph` does. */
function recorder() {
  const counts = { recorded: 0, uploads: [] as string[] };
  const own: Recorder = {
    record(work) {
      for (let run = 0; run < 2; run++) torch.scope(() => void work());
      counts.recorded++;
      notes();
      const recording = record(() => torch.scope(work));
      counts.uploads.push(...notes().uploads);
      return recording;
    },
  };
  return { recorder: own, counts };
}

function trainer(
  strategy: (typeof STATIC_STRATEGIES)[number],
  { with: given = null, train = {}, ...more }: Variation & { with?: Recorder | null } = {},
) {
  const { train: own, ...variation } = staticVariation(strategy, "static");
  const recipe = tinyRecipe({ ...variation, ...more, train: { ...own, ...train } });
  return new Trainer(recipe, tinyModel(recipe).to(STAND_IN), unevenTask, given);
}

function steps(trainer: Trainer, count: number) {
  return Array.from({ length: count }, () => trainer.next());
}

for (const strategy of STATIC_STRATEGIES) {
  for (const model of ["vl-bert", "lxmert"] as const) {
    for (const precision of ["float32", "bfloat16"] as const) {
      test.serial(`${strategy} on ${model} in ${precision}: recorded steps are plain ones`, (t) => {
        const variation = { model, train: { precision } };
        const { recorder: own, counts } = recorder();
        const plain = trainer(strategy, variation);
        const recorded = trainer(strategy, { ...variation, with: own });
        t.deepEqual(steps(recorded, 10), steps(plain, 10));
        t.deepEqual(weightsOf(recorded.model), weightsOf(plain.model));
        t.true(counts.recorded > 1 && counts.recorded < 5, `${counts.recorded} sets of shapes`);
        t.deepEqual(counts.uploads, [], "a recording sends nothing");
      });
    }
  }

  test.serial(`${strategy}: a recorded step waits for the device once`, (t) => {
    const training = trainer(strategy, { with: recorder().recorder });
    steps(training, 10);
    notes();
    training.next();
    t.is(notes().reads.length, 1);
  });

  test.serial(`${strategy}: a recorded step that is not finite changes nothing`, (t) => {
    const training = trainer(strategy, { with: recorder().recorder });
    steps(training, 10);
    const weight = training.model.parameters().find(({ requiresGrad }) => requiresGrad)!;
    torch.noGrad(() => weight.fill_(Number.NaN));
    const before = weightsOf(training.model);
    t.throws(() => training.next(), { name: "Failure", message: /the loss is NaN/ });
    t.deepEqual(weightsOf(training.model), before);
  });
}

test.serial("a step that reads can not be recorded", (t) => {
  const training = trainer("SpotTune_Block", { with: recorder().recorder });
  const { model } = training;
  const forward = model.forward.bind(model);
  model.forward = ((...args: Parameters<typeof forward>) => {
    const outputs = forward(...args);
    outputs.logits.sum().item();
    return outputs;
  }) as typeof forward;
  t.throws(() => training.next(), { message: /not permitted while work is recorded/ });
});
