import type { Vocabulary } from "./vocabulary";

/** Turns text into token ids and back. */
export interface Tokenizer {
  readonly vocabulary: Vocabulary;
  /** Ids of a text, without special tokens. */
  encode(text: string): number[];
  decode(ids: readonly number[]): string;
}

/** Lower-case words, numbers and single punctuation marks, each a token of its own. */
export class WordTokenizer implements Tokenizer {
  constructor(readonly vocabulary: Vocabulary) {}

  encode(text: string): number[] {
    return splitWords(text).map((word) => this.vocabulary.id(word));
  }

  decode(ids: readonly number[]): string {
    return ids.map((id) => this.vocabulary.token(id)).join(" ");
  }
}

/** The words that WordTokenizer sees in a text: "Is there a T-rex?" -> is, there, a, t, -, rex, ?. */
export function splitWords(text: string): string[] {
  return (
    text
      .normalize("NFC")
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+|[^\s\p{L}\p{M}\p{N}]/gu) ?? []
  );
}

/** VL-BERT's text: `[CLS] question [SEP] [MASK] [SEP]`; the answer is read at the mask. */
export function questionTokens(tokenizer: Tokenizer, question: string): number[] {
  const { clsId, sepId, maskId } = tokenizer.vocabulary;
  return [clsId, ...tokenizer.encode(question), sepId, maskId, sepId];
}
