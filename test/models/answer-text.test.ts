import test from "ava";
import { normaliseVqaAnswer } from "../../src/models";

/** Answers and what the official evaluation (vqaEval.py) makes of them. */
const CASES = [
  ["The Cat", "cat"],
  ["a dog", "dog"],
  ["an", ""],
  ["two", "2"],
  ["10", "10"],
  ["ten", "10"],
  ["none", "0"],
  ["1,000", "1000"],
  ["1,000 dollars", "1000 dollars"],
  ["yes!", "yes"],
  ["no.", "no"],
  ["3.5", "3.5"],
  ["3.5.", "3.5"],
  ["St. Louis", "st louis"],
  ["t-shirt", "t shirt"],
  ["t - shirt", "t shirt"],
  ["on/off", "on off"],
  ["(left)", "left"],
  ["it's", "it's"],
  ["dont", "don't"],
  ["Dont know", "don't know"],
  ["can't", "can't"],
  ["cant", "can't"],
  ["shouldnt've", "shouldn't've"],
  ["Im", "im"],
  ["whats up?", "what's up"],
  ["black and white", "black and white"],
  ["black & white", "black & white"],
  ["black, white", "black white"],
  ["what?!", "what"],
  ["  spaces   inside ", "spaces inside"],
  ["\ttabs\nlines", "tabs lines"],
  ["oclock", "o'clock"],
  ["5 oclock", "5 o'clock"],
  ["ow's'at", "'ow's'at"],
  ["a/c", "c"],
  ["#1", "#1"],
  ["$5", "$5"],
  ["50%", "50%"],
  ["U.S.A.", "usa"],
  ["e-mail", "e mail"],
  ["let's", "let's"],
  ["somebody'd", "somebodyd"],
  ["yall'd've", "y'all'd've"],
  ["the two of them", "2 of them"],
  ["one, two", "1 2"],
  ["hot-dog stand", "hot dog stand"],
  ["half_pipe", "half pipe"],
  ["=", ""],
  [".5", ".5"],
  ["5.", "5"],
  ["...", ""],
];

for (const [answer, expected] of CASES) {
  test(`${JSON.stringify(answer)} is compared as ${JSON.stringify(expected)}`, (t) => {
    t.is(normaliseVqaAnswer(answer), expected);
  });
}

test("what is normalised stays", (t) => {
  for (const [, answer] of CASES.filter(([, answer]) => !/^[.]|'d$/.test(answer))) {
    t.is(normaliseVqaAnswer(answer), answer);
  }
});
