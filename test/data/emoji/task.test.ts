import test from "ava";
import { EmojiTask, type EmojiTaskOptions } from "../../../src/data/emoji/task";
import { WordTokenizer } from "../../../src/data/tokenizer";
import { cacheFolder, SUBSET } from "./subset";

function open(cache: string, options: EmojiTaskOptions = {}): Promise<EmojiTask> {
  return EmojiTask.open({ cache, size: 16, concepts: SUBSET, ...options });
}

/** The whole task without drawings: no style is opened, so that nothing is rendered. */
function openWords(cache: string): Promise<EmojiTask> {
  return EmojiTask.open({ cache, styles: [] });
}

test("opening renders what is not cached and tells progress", async (t) => {
  const cache = cacheFolder(t);
  const progress: number[] = [];
  const task = await open(cache, {
    onProgress: ({ done, total }) => progress.push(done / total),
  });
  t.is(progress.length, 36);
  t.is(progress[35], 1);
  t.true(progress.every((share, i) => i === 0 || share > progress[i - 1]));
  t.is(task.regionWidth, 4 * 4 * 3);
  await open(cache, { onProgress: () => t.fail("rendered again") });
});

test("examples are laid out for VL-BERT and answered from the answer list", async (t) => {
  const task = await open(cacheFolder(t));
  const examples = task.examples("noto", "train", { questionsPerConcept: 4 });
  const { clsId, sepId, maskId, unknownId, size } = task.vocabulary;
  const tokenizer = new WordTokenizer(task.vocabulary);
  for (const { tokens, answerStart, answer, question, image, concept } of examples) {
    t.is(tokens[0], clsId);
    t.deepEqual(tokens.slice(-3), [sepId, maskId, sepId]);
    t.is(answerStart, tokens.length - 2);
    t.deepEqual(tokens.slice(1, -3), tokenizer.encode(question));
    t.false(tokens.includes(unknownId));
    t.true(tokens.every((id) => id < size));
    t.true(answer >= 0 && answer < task.answers.length);
    t.is(task.concepts[image].hexcode, concept);
  }
  const astronauts = examples.filter((e) => e.concept.endsWith("1F680") && e.kind === "group");
  t.deepEqual(
    astronauts.map((e) => task.answers[e.answer]),
    ["people body", "people body"],
  );
  t.is(new Set(examples.map((example) => example.id)).size, examples.length);
});

test("styles have the same questions, of other drawings", async (t) => {
  const task = await open(cacheFolder(t));
  const [noto, openmoji] = [task.examples("noto", "train"), task.examples("openmoji", "train")];
  t.deepEqual(
    noto.map(({ id, style, ...rest }) => rest),
    openmoji.map(({ id, style, ...rest }) => rest),
  );
  t.notDeepEqual(task.regions.pixels(noto[0]), task.regions.pixels(openmoji[0]));
});

test("vocabulary and answers do not depend on what is opened", async (t) => {
  const cache = cacheFolder(t);
  const [part, whole] = [await open(cache), await openWords(cache)];
  t.deepEqual(part.vocabulary.tokens, whole.vocabulary.tokens);
  t.deepEqual(part.answers, whole.answers);
  t.is(whole.answers.length, 105);
});

test("few-drawing sets have the number asked for, are nested, and change with the seed", async (t) => {
  const task = await open(cacheFolder(t), { styles: ["openmoji"] });
  const chosen = (limitConcepts: number, seed = 0) =>
    new Set(task.examples("openmoji", "train", { limitConcepts, seed }).map((e) => e.concept));
  t.is(chosen(4).size, 4);
  t.is(chosen(100).size, 9);
  t.true([...chosen(4)].every((concept) => chosen(6).has(concept)));
  t.true(new Set([0, 1, 2, 3].map((seed) => [...chosen(4, seed)].join())).size > 1);
  const limited = task.examples("openmoji", "train", { limitConcepts: 4 });
  const ids = new Set(task.examples("openmoji", "train").map((example) => example.id));
  t.true(limited.every((example) => ids.has(example.id)));
  t.throws(() => task.examples("openmoji", "train", { limitConcepts: 0 }), { message: /is 0/ });
});

test("splits share no concept", async (t) => {
  const task = await open(cacheFolder(t), { styles: ["noto"] });
  const of = (split: "train" | "validation" | "test") =>
    new Set(task.examples("noto", split).map((example) => example.concept));
  t.deepEqual([of("train").size, of("validation").size, of("test").size], [9, 2, 1]);
});

test("a description counts what is there", async (t) => {
  const task = await openWords(cacheFolder(t));
  t.regex(task.describe(), /1,644 concepts .* 1,151 train, 165 validation, 328 test/);
  t.regex(task.describe(), /105 answers, 224 terms/);
});

test("styles and concepts that are not there are refused by name", async (t) => {
  const cache = cacheFolder(t);
  const task = await open(cache, { styles: ["noto"], concepts: ["1F34E"] });
  t.throws(() => task.examples("twemoji", "train"), { message: /"twemoji" is not open.* noto/ });
  await t.throwsAsync(open(cache, { concepts: ["1FFFF"] }), { message: /no concepts 1FFFF/ });
  await t.throwsAsync(open(cache, { grid: 5 }), { message: /grid of 5/ });
});
