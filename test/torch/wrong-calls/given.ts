import * as torch from "../../../src/torch";

/** A call that is wrong, and what the error has to say. */
export interface WrongCall {
  readonly name: string;
  readonly call: () => unknown;
  /** Texts and patterns that the message has to contain; null where only survival counts. */
  readonly says: (string | RegExp)[] | null;
}

/** Every message on an argument says what was expected and what was given. */
export const GIVEN = [/expected/, /given/];

export const x = torch.ones([2, 3]);
export const ints = torch.tensor([0, 1], { dtype: "int64" });
export const disposed = torch.ones([2, 3]);
disposed.dispose();
