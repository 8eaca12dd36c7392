import test from "ava";
import { normaliseAnswer } from "../../src/data/answers";

test("answers are compared without case, punctuation, articles and extra spaces", (t) => {
  t.is(normaliseAnswer("face-neutral-skeptical"), "face neutral skeptical");
  t.is(normaliseAnswer("  The  Red   Ball. "), "red ball");
  t.is(normaliseAnswer("an Apple"), "apple");
  t.is(normaliseAnswer("Crêpe"), "crêpe");
});
