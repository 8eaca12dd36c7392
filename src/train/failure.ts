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
