/** An error that a user can act on: what happened (the message), where, and what to do next. */
export class Failure extends Error {
  readonly where?: string;
  readonly next?: string;

  constructor(
    what: string,
    { where, next, cause }: { where?: string; next?: string; cause?: unknown } = {},
  ) {
    super(what, { cause });
    this.name = "Failure";
    this.where = where;
    this.next = next;
  }
}

/** Does something that fails for reasons a user gave, and says where they come from. */
export function explaining<T>(hints: { where?: string; next?: string }, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure((error as Error).message, { ...hints, cause: error });
  }
}
