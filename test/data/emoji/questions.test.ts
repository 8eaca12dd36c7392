import test from "ava";
import type { Split } from "../../../src/data/dataset";
import { readConcepts } from "../../../src/data/emoji/concepts";
import {
  answerList,
  GROUP_QUESTION,
  QuestionWriter,
  SUBGROUP_QUESTION,
  thingQuestion,
} from "../../../src/data/emoji/questions";

const concepts = readConcepts();
const writer = new QuestionWriter(concepts, 5);
const termOf = new Map<string, string>();
for (const { terms } of concepts) {
  for (const term of terms) termOf.set(thingQuestion(term), term);
}

const asked = concepts.flatMap((concept) =>
  writer.questions(concept, { questionsPerConcept: 8 }).map((question) => ({ concept, question })),
);
const things = asked.filter(({ question }) => question.kind === "yesno");

test("answers are no, yes, 8 groups and 95 subgroups, in a fixed order", (t) => {
  const answers = answerList(concepts);
  t.is(answers.length, 105);
  t.is(new Set(answers).size, 105);
  t.deepEqual(answers.slice(0, 3), ["no", "yes", "activities"]);
  t.deepEqual(answerList([...concepts].reverse()), answers);
  t.true(asked.every(({ question }) => answers.includes(question.answer)));
});

test("every concept has one group and one subgroup question, rightly answered", (t) => {
  for (const concept of concepts) {
    const [group, subgroup, ...rest] = writer.questions(concept);
    t.deepEqual(group, { kind: "group", question: GROUP_QUESTION, answer: concept.group });
    t.deepEqual([subgroup.question, subgroup.answer], [SUBGROUP_QUESTION, concept.subgroup]);
    t.true(rest.every((question) => question.kind === "yesno"));
  }
});

test("yes is asked about terms of the concept, no never", (t) => {
  for (const { concept, question } of things) {
    const term = termOf.get(question.question)!;
    t.is(concept.terms.includes(term), question.answer === "yes", `${concept.label}: ${term}`);
    const words = new Set(concept.terms.flatMap((own) => own.split(/[^\p{L}\p{M}\p{N}]+/u)));
    if (question.answer === "no") {
      t.false(term.split(/[^\p{L}\p{M}\p{N}]+/u).every((word) => words.has(word)));
    }
  }
});

test("each concept has as many yes as no", (t) => {
  t.true(things.length > 4000, `${things.length}`);
  for (const concept of concepts) {
    const own = things.filter((thing) => thing.concept === concept);
    t.is(own.filter(({ question }) => question.answer === "yes").length * 2, own.length);
    t.is(new Set(own.map(({ question }) => question.question)).size, own.length);
  }
});

test("about half of the negatives come from the shown concept's group", (t) => {
  const groupsOf = new Map<string, Set<string>>();
  for (const { terms, group } of concepts) {
    for (const term of terms) groupsOf.set(term, (groupsOf.get(term) ?? new Set()).add(group));
  }
  const negatives = things.filter(({ question }) => question.answer === "no");
  const near = negatives.filter(({ concept, question }) =>
    groupsOf.get(termOf.get(question.question)!)!.has(concept.group),
  );
  const share = near.length / negatives.length;
  // Terms drawn from anywhere may be of the same group too, so that the share is above one half.
  t.true(share > 0.5 && share < 0.85, `${share}`);
});

test("the question alone says little about the answer", (t) => {
  const counts = new Map<string, { yes: number; no: number }>();
  const ofSplit = (split: Split) => things.filter(({ concept }) => concept.split === split);
  for (const { question } of ofSplit("train")) {
    const count = counts.get(question.question) ?? { yes: 0, no: 0 };
    count[question.answer as "yes" | "no"]++;
    counts.set(question.question, count);
  }
  const validation = [...ofSplit("validation"), ...ofSplit("test")];
  const right = validation.filter(({ question }) => {
    const { yes, no } = counts.get(question.question) ?? { yes: 1, no: 0 };
    return question.answer === (yes >= no ? "yes" : "no");
  });
  const accuracy = right.length / validation.length;
  t.true(accuracy < 0.6, `a blind guesser gets ${accuracy}`);
});

test("questions depend on seed and concept alone", (t) => {
  const again = new QuestionWriter(readConcepts(), 5);
  const apple = concepts.find((concept) => concept.label === "red apple")!;
  const options = { seed: 3, questionsPerConcept: 8 };
  t.deepEqual(again.questions(apple, options), writer.questions(apple, options));
  const seeds = [0, 1, 2, 3, 4].map((seed) =>
    JSON.stringify(writer.questions(apple, { seed, questionsPerConcept: 4 })),
  );
  t.true(new Set(seeds).size > 1);
});

test("only terms that enough training concepts share are asked about", (t) => {
  const count = (least: number) => [...new QuestionWriter(concepts, least).allQuestions()].length;
  t.true(count(8) < count(5) && count(5) < count(2));
  const all = new QuestionWriter(concepts, 0);
  const rocket = concepts.find((concept) => concept.label === "rocket")!;
  t.true(all.termsOf(rocket).includes("rocket"));
  t.false(writer.termsOf(rocket).includes("rocket"));
});
