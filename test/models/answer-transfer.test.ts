import test from "ava";
import { type AnswerTransfer, transferAnswers, transferLine } from "../../src/models";
import { Linear } from "../../src/nn";
import * as torch from "../../src/torch";

const pretrained = {
  answers: ["", "yes", "No.", "two", "a dog", "t shirt", "dont know", "no"],
  classifier: new Linear(3, 8),
};

test("rows go to answers of the same text, wherever they are; the others stay", (t) => {
  const answers = ["T-shirt", "no", "zebra", "2", "dog", "don't know", ""];
  const classifier = new Linear(3, answers.length);
  const before = classifier.clone();
  const told: AnswerTransfer[] = [];
  const transfer = transferAnswers(
    pretrained,
    { answers, classifier },
    {
      report: (given) => told.push(given),
    },
  );
  // By the very text before the normalised one: "no" is row 7, not row 2, and "" is row 0.
  const rows = [5, 7, -1, 3, 4, 6, 0];
  for (const [n, row] of rows.entries()) {
    const source = row < 0 ? before : pretrained.classifier;
    const from = row < 0 ? n : row;
    t.true(torch.equal(classifier.weight.select(0, n), source.weight.select(0, from)), answers[n]);
    t.true(torch.equal(classifier.bias!.select(0, n), source.bias!.select(0, from)), answers[n]);
  }
  t.deepEqual(transfer, { copied: 6, fresh: ["zebra"], unused: 2 });
  t.deepEqual(told, [transfer]);
  t.true(classifier.weight.requiresGrad && classifier.weight.isLeaf);
});

test("the counts are told in a line", (t) => {
  t.is(
    transferLine({ copied: 2913, fresh: Array(216).fill("x"), unused: 6587 }),
    "2,913 of 3,129 answers start from pretrained rows, 216 anew; 6,587 pretrained rows unused",
  );
});

test("answers that mean nothing once normalised match by their very text alone", (t) => {
  const head = (answers: string[]) => ({ answers, classifier: new Linear(3, answers.length) });
  const report = () => {};
  t.is(transferAnswers(head(["the"]), head(["a"]), { report }).copied, 0);
  t.is(transferAnswers(head(["the"]), head(["the"]), { report }).copied, 1);
});

test("rows move between dtypes, and to heads without biases", (t) => {
  const to = { answers: ["yes"], classifier: new Linear(3, 1, { bias: false, dtype: "float64" }) };
  transferAnswers(pretrained, to, { report: () => {} });
  const row = pretrained.classifier.weight.select(0, 1).to("float64");
  t.true(torch.equal(to.classifier.weight.select(0, 0), row));
});

test("lists and heads that do not fit are refused with all problems", (t) => {
  const to = { answers: ["yes"], classifier: new Linear(4, 2) };
  t.throws(() => transferAnswers(pretrained, to), {
    message:
      "answers cannot be transferred: 1 new answers for 2 rows; rows of 3 numbers cannot start rows of 4",
  });
});
