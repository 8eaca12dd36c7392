import { wrap } from "./dispatch";
import { describe, refuseAsync } from "./errors";
import { scope } from "./memory";
import { native } from "./native";
import type { Tensor } from "./tensor";

/** What a callback gives back to the addon: tensors, and an object that comes with them. */
export interface Answer<Value = undefined> {
  readonly tensors?: readonly (Tensor | null | undefined)[];
  readonly value?: Value;
}

/**
 * A function in the form in which the addon calls it back. It runs in a scope of its own: the tensors
 * that it is given, and those that it makes, are freed when it returns, but for what it answers with.
 */
export function callback<Argument = undefined, Value = undefined>(
  answer: (given: (Tensor | null)[], argument: Argument) => Answer<Value>,
): (argument: Argument) => Value {
  return (argument) => {
    let value: Value | undefined;
    scope(() => {
      const given = native.receive().map((handle) => (handle === null ? null : wrap(handle)));
      const answered = answer(given, argument);
      native.give(answered.tensors ?? []);
      value = answered.value;
    });
    return value as Value;
  };
}

/** Checks a function that a mode runs, and that it is over when it returns. */
export function synchronous<T>(what: string, fn: () => T): () => T {
  checkFunction(what, fn);
  return () => {
    const result = fn();
    refuseAsync(what, result);
    return result;
  };
}

export function checkFunction(what: string, fn: unknown): void {
  if (typeof fn === "function") return;
  throw new TypeError(`${what}: expected a function, given ${describe(fn)}`);
}
