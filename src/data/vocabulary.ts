/** Special tokens, in the order of their ids. */
export const SPECIAL_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] as const;

/** The words a text model knows, each with its id; the special tokens come first. */
export class Vocabulary {
  readonly padId = 0;
  readonly unknownId = 1;
  readonly clsId = 2;
  readonly sepId = 3;
  readonly maskId = 4;

  private readonly ids: ReadonlyMap<string, number>;

  /**
   * Takes all tokens in the order of their ids.
   * @throws RangeError if the special tokens do not come first or a token comes twice.
   */
  constructor(readonly tokens: readonly string[]) {
    SPECIAL_TOKENS.forEach((token, id) => {
      if (tokens[id] !== token) {
        throw new RangeError(
          `A vocabulary starts with ${SPECIAL_TOKENS.join(", ")}; token ${id} is "${tokens[id]}"`,
        );
      }
    });
    this.ids = new Map(tokens.map((token, id) => [token, id]));
    if (this.ids.size !== tokens.length) {
      const twice = tokens.find((token, id) => this.ids.get(token) !== id);
      throw new RangeError(`The token "${twice}" is twice in the vocabulary`);
    }
  }

  /** Makes a vocabulary of words, in code point order whatever order they come in. */
  static fromWords(words: Iterable<string>): Vocabulary {
    const known = new Set(words);
    for (const token of SPECIAL_TOKENS) known.delete(token);
    return new Vocabulary([...SPECIAL_TOKENS, ...[...known].sort(byCodeUnit)]);
  }

  get size(): number {
    return this.tokens.length;
  }

  has(token: string): boolean {
    return this.ids.has(token);
  }

  /** The token's id, or [UNK]'s. */
  id(token: string): number {
    return this.ids.get(token) ?? this.unknownId;
  }

  /** @throws RangeError for an id outside the vocabulary. */
  token(id: number): string {
    const token = this.tokens[id];
    if (token === undefined) {
      throw new RangeError(`Token id ${id} is outside 0 .. ${this.size - 1}`);
    }
    return token;
  }
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
