import test from "ava";
import { questionTokens, splitWords, WordTokenizer } from "../../src/data/tokenizer";
import { Vocabulary } from "../../src/data/vocabulary";

test("words, numbers and punctuation marks are tokens of their own", (t) => {
  t.deepEqual(splitWords("Is there a T-Rex?"), ["is", "there", "a", "t", "-", "rex", "?"]);
  t.deepEqual(splitWords("crêpe  12:30"), ["crêpe", "12", ":", "30"]);
  t.deepEqual(splitWords("cre\u0302pe"), ["crêpe"]);
  t.deepEqual(splitWords("  "), []);
});

test("known text comes back from its ids", (t) => {
  const text = "what kind of thing is this ?";
  const tokenizer = new WordTokenizer(Vocabulary.fromWords(splitWords(text)));
  t.is(tokenizer.decode(tokenizer.encode(text.toUpperCase())), text);
  t.is(tokenizer.decode(tokenizer.encode("what apple")), "what [UNK]");
});

test("a question is laid out as VL-BERT's text", (t) => {
  const tokenizer = new WordTokenizer(Vocabulary.fromWords(["what", "?"]));
  const tokens = questionTokens(tokenizer, "What?");
  t.is(tokenizer.decode(tokens), "[CLS] what ? [SEP] [MASK] [SEP]");
});
