import test from "ava";
import { SPECIAL_TOKENS, Vocabulary } from "../../src/data/vocabulary";

test("special tokens come first, words follow in code point order", (t) => {
  const vocabulary = Vocabulary.fromWords(["zebra", "apple", "zebra", "?"]);
  t.deepEqual(vocabulary.tokens, [...SPECIAL_TOKENS, "?", "apple", "zebra"]);
  t.deepEqual(Vocabulary.fromWords(["?", "zebra", "apple"]).tokens, vocabulary.tokens);
  t.is(vocabulary.size, 8);
  for (const [name, id] of [
    ["[PAD]", vocabulary.padId],
    ["[UNK]", vocabulary.unknownId],
    ["[CLS]", vocabulary.clsId],
    ["[SEP]", vocabulary.sepId],
    ["[MASK]", vocabulary.maskId],
  ] as const) {
    t.is(vocabulary.id(name), id);
  }
});

test("tokens go to ids and back; unknown words become [UNK]", (t) => {
  const vocabulary = Vocabulary.fromWords(["apple", "pear"]);
  for (const token of vocabulary.tokens) t.is(vocabulary.token(vocabulary.id(token)), token);
  t.is(vocabulary.id("plum"), vocabulary.unknownId);
  t.false(vocabulary.has("plum"));
});

test("wrong vocabularies and ids are refused", (t) => {
  t.throws(() => new Vocabulary(["apple"]), { instanceOf: RangeError, message: /\[PAD\]/ });
  t.throws(() => new Vocabulary([...SPECIAL_TOKENS, "a", "a"]), { message: /"a" is twice/ });
  t.throws(() => Vocabulary.fromWords([]).token(5), { message: /5 is outside 0 \.\. 4/ });
});
