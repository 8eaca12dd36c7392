import test from "ava";
import { collate } from "../../src/data/collate";
import type { Example, RegionSource } from "../../src/data/dataset";

const WIDTH = 3;

/** Regions that say where they come from: answer + region / 10, plus the seed. */
const regions: RegionSource = {
  width: WIDTH,
  count: (example) => example.answer + 1,
  fill: (example, features, boxes, seed = 0) => {
    for (let region = 0; region <= example.answer; region++) {
      features.fill(example.answer + region / 8 + seed, region * WIDTH, (region + 1) * WIDTH);
      boxes.set([0, region / 8, 1, 0.5], region * 4);
    }
  },
};

const examples: Example[] = [
  { id: "a", question: "", kind: "group", tokens: [2, 7, 3, 4, 3], answerStart: 3, answer: 2 },
  { id: "b", question: "", kind: "yesno", tokens: [2, 3, 4, 3], answerStart: 2, answer: 1 },
];

test("text is padded to the longest question, with types and mask", (t) => {
  const { inputs, answers, kinds } = collate(examples, regions);
  t.deepEqual(inputs.inputIds.toArray(), [
    [2, 7, 3, 4, 3],
    [2, 3, 4, 3, 0],
  ]);
  t.deepEqual(inputs.tokenTypeIds.toArray(), [
    [0, 0, 0, 1, 1],
    [0, 0, 1, 1, 0],
  ]);
  t.deepEqual(inputs.attentionMask.toArray(), [
    [1, 1, 1, 1, 1],
    [1, 1, 1, 1, 0],
  ]);
  t.deepEqual(answers.toArray(), [2, 1]);
  t.deepEqual(kinds, ["group", "yesno"]);
  for (const tensor of [inputs.inputIds, inputs.tokenTypeIds, answers]) {
    t.is(tensor.dtype, "int64");
  }
});

test("regions are padded to the most regions, with a mask", (t) => {
  const { regionFeatures, regionBoxes, regionMask } = collate(examples, regions).inputs;
  t.deepEqual(regionFeatures.shape, [2, 3, WIDTH]);
  t.deepEqual(regionBoxes.shape, [2, 3, 4]);
  t.is(regionFeatures.dtype, "float32");
  t.deepEqual(regionFeatures.toArray(), [
    [fill(2), fill(2.125), fill(2.25)],
    [fill(1), fill(1.125), fill(0)],
  ]);
  t.deepEqual(regionBoxes.toArray(), [
    [box(0), box(0.125), box(0.25)],
    [box(0), box(0.125), [0, 0, 0, 0]],
  ]);
  t.deepEqual(regionMask.toArray(), [
    [1, 1, 1],
    [1, 1, 0],
  ]);
});

test("padding takes the given id, seeds reach the regions", (t) => {
  const { inputs } = collate(examples, regions, { padId: 9, seeds: Uint32Array.of(10, 20) });
  t.deepEqual(inputs.inputIds.toArray(), [
    [2, 7, 3, 4, 3],
    [2, 3, 4, 3, 9],
  ]);
  t.deepEqual(inputs.regionFeatures.toTypedArray()[0], 12);
  t.deepEqual(inputs.regionFeatures.toTypedArray()[3 * WIDTH], 21);
});

test("batches of nothing and other numbers of seeds are refused", (t) => {
  t.throws(() => collate([], regions), { instanceOf: RangeError, message: /at least one/ });
  t.throws(() => collate(examples, regions, { seeds: [1] }), { message: /2 examples, but 1 seed/ });
});

function fill(value: number): number[] {
  return new Array(WIDTH).fill(value);
}

function box(y: number): number[] {
  return [0, y, 1, 0.5];
}

test("a batch is padded to as many tokens and regions as are asked for, if it has not more", (t) => {
  const shapes = (tokens: number, most: number) => {
    const { inputs } = collate(examples, regions, { atLeast: { tokens, regions: most } });
    return [inputs.inputIds.shape, inputs.regionFeatures.shape, inputs.regionMask.shape];
  };
  t.deepEqual(shapes(8, 5), [
    [2, 8],
    [2, 5, WIDTH],
    [2, 5],
  ]);
  t.deepEqual(shapes(1, 1), [
    [2, 5],
    [2, 3, WIDTH],
    [2, 3],
  ]);
  const { inputs } = collate(examples, regions, { atLeast: { tokens: 6, regions: 4 } });
  t.deepEqual(inputs.attentionMask.sum([1]).toArray(), [5, 4]);
  t.deepEqual(inputs.regionMask.sum([1]).toArray(), [3, 2]);
});
