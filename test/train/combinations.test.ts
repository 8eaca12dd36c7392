import test from "ava";
import { strategies } from "../../src/adaptive";
import type { AdaptiveRecipe, StrategyRecipe } from "../../src/train/recipe-strategy";
import { isAdaptive } from "../../src/train/recipe-strategy";
import { Trainer } from "../../src/train/trainer";
import { leaves, recording, task, tinyModel, tinyRecipe, weightsOf } from "./support";

const names = Object.keys(strategies) as StrategyRecipe["name"][];
const adaptive = names.filter((name) => isAdaptive(tinyRecipe({ strategy: name }).strategy));
const network = { hiddenSize: 8, heads: 1, intermediateSize: 16 };

const policies: Record<AdaptiveRecipe["policy"]["kind"], object> = {
  transformer: { ...network, embeddings: "own", warmup: 1 },
  lxmert: { ...network, languageLayers: 1, warmup: 1 },
  pooled: { hiddenSizes: [8, 4], embeddings: "own", warmup: 1 },
  constant: { warmup: 1 },
  random: { usage: { probability: 0.7 }, seed: 3 },
  given: {},
};
const kinds = Object.keys(policies) as (keyof typeof policies)[];

const estimators = [
  { kind: "straight-through" },
  { kind: "gumbel-rao", samples: 3 },
  { kind: "reinmax" },
  { kind: "reinforce", explore: 0.2, penalty: 2, weight: 0.5 },
];

/** What varies beside, in turn. */
const schedules = ["linear", "exponential", "cosine"];
const temperatures = [2, ...schedules.map((schedule) => ({ schedule, start: 4, end: 2 }))];
const rates = ["exact", { fixed: 0.5 }, { adaptive: 0.2 }];
const scopes = ["instance", "batch", "global"];

/** A recipe's strategy with the n-th choice of all that varies. */
function combined(name: string, kind: keyof typeof policies, estimator: object, n: number) {
  const counted = ["BlockDrop", "BlockReplace"].includes(name) ? "keep" : "tuned";
  const at = <T>(choices: readonly T[]) => choices[n % choices.length];
  const isReinforce = estimator === estimators[3];
  return {
    name,
    gate: {
      temperature: at(temperatures),
      estimator,
      counterfactuals: isReinforce ? "exact" : at(rates),
      curriculum: n % 2 === 0 ? null : { alternative: counted, steps: 2 },
    },
    policy: { kind, ...policies[kind], ...(kind === "given" && { decisions: counted }) },
    budget: { target: 1, scope: at(scopes) },
    confidence: { scope: at(scopes.slice(0, 2)) },
    diversity: {},
  };
}

let n = 0;
for (const name of adaptive) {
  for (const kind of kinds) {
    test(`${name} with a policy of kind ${kind} trains by every estimator`, (t) => {
      for (const estimator of estimators) {
        const strategy = combined(name, kind, estimator, n++);
        const architecture = kind === "lxmert" || n % 3 === 0 ? "lxmert" : "vl-bert";
        const recipe = tinyRecipe({
          model: architecture,
          train: { steps: 3, warmup: 1 },
          more: { strategy },
        });
        const read = new Set<string>();
        const watched = recording(recipe, "", read);
        const model = tinyModel(watched);
        const trainer = new Trainer(watched, model, task);
        const before = weightsOf(model);
        const steps = [trainer.next(), trainer.next(), trainer.next()];
        const about = `${kind}, ${JSON.stringify(estimator)}`;

        const learns = kind !== "random" && kind !== "given";
        t.is(steps[0].policy !== undefined, learns, about);
        const after = weightsOf(model);
        const moved = Object.keys(after).filter((key) => `${before[key]}` !== `${after[key]}`);
        t.is(
          moved.some((key) => key.startsWith("policy.") && key !== "policy.drawn"),
          learns,
          about,
        );
        const losses = Object.keys(steps[2].decisions?.losses ?? {}).sort();
        const expected = ["budget", "confidence", "diversity"];
        if (learns && estimator.kind === "reinforce") expected.push("reinforce");
        t.deepEqual(losses, expected, about);
        t.is(trainer.mask()?.length, model.sites.length);

        const unread = leaves(recipe.strategy, "strategy.").filter((key) => !read.has(key));
        // A mask has taken its file's place; what learns nothing has no reward.
        const idle = learns ? /policy\.file$/ : /policy\.file$|estimator\./;
        t.deepEqual(
          unread.filter((key) => !idle.test(key)),
          [],
          about,
        );
      }
    });
  }
}

for (const name of names.filter((one) => !adaptive.includes(one))) {
  test(`${name} trains an LXMERT, and every key of it is read`, (t) => {
    const own = {
      "last-k": { k: 1 },
      layers: { blocks: [1] },
      LoRA: { rank: 2, alpha: 3, targets: ["value"] },
    };
    const strategy = { name, ...own[name as keyof typeof own] };
    const recipe = tinyRecipe({
      model: "lxmert",
      train: { steps: 2, warmup: 1 },
      more: { strategy },
    });
    const read = new Set<string>();
    const watched = recording(recipe, "", read);
    const trainer = new Trainer(watched, tinyModel(watched), task);
    t.deepEqual(
      leaves(recipe.strategy, "strategy.").filter((key) => !read.has(key)),
      [],
    );
    const before = weightsOf(trainer.model);
    trainer.next();
    const { decisions } = trainer.next();
    t.is(decisions, undefined);
    t.notDeepEqual(weightsOf(trainer.model), before);
  });
}

test("a global budget pulls the usage of a training, not of a batch, to its target", (t) => {
  const recipe = tinyRecipe({
    train: { steps: 60 },
    more: {
      strategy: {
        name: "SpotTune_Block",
        policy: { kind: "constant", warmup: 1, optimizer: { lr: 0.2 } },
        budget: { target: 0, scope: "global", weight: 10 },
        usageMomentum: 0.5,
      },
    },
  });
  const trainer = new Trainer(recipe, tinyModel(recipe), task);
  const usage = Array.from({ length: 60 }, () => trainer.next().decisions!.usage.tuned);
  t.true(usage[0] > 0.25 && usage[59] < 0.15, `${usage}`);
  t.deepEqual(trainer.mask(), [0, 0]);
  const { usage: state } = trainer.state();
  t.is(Number(state!.batches.item()), 60);
});

test("a policy of LXMERT's kind needs an LXMERT", (t) => {
  const strategy = { name: "SpotTune_Block", policy: { kind: "lxmert" } };
  t.throws(() => tinyModel(tinyRecipe({ more: { strategy } })), { message: /this is VL-BERT/ });
});
