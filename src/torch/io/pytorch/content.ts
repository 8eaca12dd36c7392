/** Bytes `begin` to `end` of a file. */
export interface ByteRange {
  readonly begin: number;
  readonly end: number;
}

/** What was pickled, and where the storages are that it names. */
export interface Content {
  readonly value: unknown;
  /** Throws Error for a storage that is missing. */
  readonly rangeOf: (key: string) => ByteRange;
}
