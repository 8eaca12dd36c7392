import test from "ava";
import { evaluate } from "../../src/train/evaluate";
import { majorityAccuracy } from "../../src/train/measure";
import { task, tinyModel, tinyRecipe } from "./support";

const recipe = tinyRecipe({ strategy: "SpotTune_Block" });

test("accuracies are shares of right answers, by kind too", async (t) => {
  const progress: number[] = [];
  const { accuracy, accuracyByKind, examples } = await evaluate(
    tinyModel(recipe),
    task.dataset,
    task.validation,
    { batchSize: 8, onProgress: (done) => progress.push(done) },
  );
  t.is(examples, 30);
  t.true(Number.isInteger(Math.round(accuracy * 30 * 1e9) / 1e9));
  t.deepEqual(Object.keys(accuracyByKind), ["what", "which"]);
  t.true(Math.abs((accuracyByKind.what + accuracyByKind.which) / 2 - accuracy) < 1e-12);
  t.deepEqual(progress, [8, 16, 24, 30]);
});

test("the result does not depend on the batch size, nor on the mode before", async (t) => {
  const model = tinyModel(recipe).train();
  const measure = (batchSize: number) =>
    evaluate(model, task.dataset, task.validation, { batchSize });
  const [one, all] = [await measure(1), await measure(30)];
  t.is(one.accuracy, all.accuracy);
  t.true(Math.abs(one.loss - all.loss) < 1e-5);
  t.is(one.decisions?.uniquePolicies, all.decisions?.uniquePolicies);
  t.false(model.training);
});

test("masked execution measures the same", async (t) => {
  const measure = (execution: "routed" | "masked") =>
    evaluate(tinyModel({ ...recipe, execution }), task.dataset, task.validation, { batchSize: 8 });
  const [routed, masked] = [await measure("routed"), await measure("masked")];
  t.is(masked.accuracy, routed.accuracy);
  t.true(Math.abs(masked.loss - routed.loss) < 1e-5);
  t.deepEqual(masked.decisions?.usage, routed.decisions?.usage);
  t.true(masked.flops.mean > routed.flops.mean, "and computes more for it");
});

test("decisions are summed up for all inputs and by kind", async (t) => {
  const { decisions, decisionsByKind } = await evaluate(
    tinyModel(recipe),
    task.dataset,
    task.validation,
    { batchSize: 7 },
  );
  t.is(decisions?.inputs, 30);
  t.is(decisions?.sites.length, 2);
  t.deepEqual(
    Object.entries(decisionsByKind ?? {}).map(([kind, { inputs }]) => [kind, inputs]),
    [
      ["what", 15],
      ["which", 15],
    ],
  );
});

test("a static strategy decides nothing", async (t) => {
  const result = await evaluate(tinyModel(tinyRecipe()), task.dataset, task.validation, {
    batchSize: 30,
  });
  t.is(result.decisions, undefined);
  t.true(result.flops.mean > 0);
  t.is(result.flops.std, 0);
});

test("the majority answer is that of each kind in training", (t) => {
  const example = (kind: string, answer: number) => ({ ...task.train[0], kind, answer });
  const train = [example("a", 1), example("a", 1), example("a", 2), example("b", 0)];
  const validation = [example("a", 1), example("a", 2), example("b", 0), example("c", 0)];
  t.is(majorityAccuracy({ train, validation }), 0.5);
});

test("under a mask all inputs get its decisions, and nothing is held against them", async (t) => {
  const options = { batchSize: 8, mask: [1, 0], controls: true };
  const { decisions, ...rest } = await evaluate(
    tinyModel(recipe),
    task.dataset,
    task.validation,
    options,
  );
  t.deepEqual(
    decisions?.sites.map(({ usage }) => usage),
    [
      { frozen: 0, tuned: 1 },
      { frozen: 1, tuned: 0 },
    ],
  );
  t.is(decisions?.uniquePolicies, 1);
  t.is(decisions?.controls, undefined);
  t.true(rest.accuracy > 0);
});

test("controls are measured on the same examples, with progress over all four passes", async (t) => {
  const progress: string[] = [];
  const { accuracy, decisions } = await evaluate(tinyModel(recipe), task.dataset, task.validation, {
    batchSize: 30,
    controls: true,
    onProgress: (done, all) => progress.push(`${done}/${all}`),
  });
  const { learned, ...others } = decisions!.controls!;
  t.is(learned, accuracy);
  t.deepEqual(Object.keys(others).sort(), ["majority", "random", "shuffled"]);
  for (const share of Object.values(others))
    t.true(Number.isInteger(Math.round(share * 3e7) / 1e6));
  t.deepEqual(progress, ["30/120", "60/120", "90/120", "120/120"]);
});

test("the order of the examples says nothing: short ones come first", async (t) => {
  const model = tinyModel(recipe);
  const examples = task.validation.map((example, i) => {
    const extra = Array.from({ length: (i * 5) % 4 }, () => task.dataset.vocabulary.unknownId);
    const [first, ...rest] = example.tokens;
    return { ...example, tokens: [first, ...extra, ...rest] };
  });
  const options = { batchSize: 7, controls: true };
  const longFirst = [...examples].sort((a, b) => b.tokens.length - a.tokens.length);
  const [given, other] = [
    await evaluate(model, task.dataset, examples, options),
    await evaluate(model, task.dataset, longFirst, options),
  ];
  t.is(other.examples, 30);
  t.is(other.accuracy, given.accuracy);
  t.deepEqual(other.accuracyByKind, given.accuracyByKind);
  t.true(Math.abs(other.loss - given.loss) < 1e-6);
  t.is(other.decisions!.uniquePolicies, given.decisions!.uniquePolicies);
  t.deepEqual(other.decisions!.controls!.learned, given.decisions!.controls!.learned);
  t.deepEqual(other.decisions!.controls!.majority, given.decisions!.controls!.majority);
  t.true(Math.abs(other.flops.mean - given.flops.mean) < 1e-6 * given.flops.mean);
});
