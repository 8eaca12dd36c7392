import type { RawOperators } from "./generated/types";
import { type Handle, handleKey, native } from "./native";
import { Tensor } from "./tensor";

/**
 * A function that calls an operator of LibTorch's dispatcher by its qualified name ("aten::add").
 * All overloads are tried in order, or the one that is named. The operator is looked up at the
 * first call.
 */
export function operator(name: string, overload?: string): (...args: unknown[]) => unknown {
  let number = -1;
  return (...args) => {
    if (number < 0) number = native.resolve(name, overload);
    return invoke(number, args);
  };
}

/** The same with `this` as the first argument, or as the one at a position. */
export function method(name: string, at = 0): (this: Tensor, ...args: unknown[]) => unknown {
  let number = -1;
  return function (this: Tensor, ...args) {
    if (number < 0) number = native.resolve(name);
    if (at === 0) return invoke(number, [this, ...args]);
    args.splice(at, 0, this);
    return invoke(number, args);
  };
}

/** A handle becomes a Tensor, or null where there is none. */
export function wrap(handle: Handle): Tensor;
export function wrap(handle: Handle | null): Tensor | null;
export function wrap(handle: Handle | null): Tensor | null {
  return handle === null ? null : new Tensor(handle);
}

/** Tensors go as their handles with a mask that says which: it spares the addon to look inside. */
function invoke(number: number, args: readonly unknown[]): unknown {
  const values: unknown[] = [];
  let handles = 0;
  for (let i = 0; i < args.length; i++) {
    const value = args[i];
    if (i < 31 && value instanceof Tensor && typeof value[handleKey] === "number") {
      values.push(value[handleKey]);
      handles |= 1 << i;
    } else values.push(value);
  }
  const result = send(number, handles, values);
  if (typeof result !== "number") {
    const isPlain = typeof result === "object" && result !== null && "plain" in result;
    return isPlain ? result.plain : result;
  }
  return result < 0 ? args[-result - 1] : new Tensor(result as Handle);
}

/** Calls with few values in their places: to spread an array costs a tenth of a small operator. */
function send(number: number, handles: number, values: readonly unknown[]): unknown {
  switch (values.length) {
    case 1:
      return native.call(number, handles, values[0]);
    case 2:
      return native.call(number, handles, values[0], values[1]);
    case 3:
      return native.call(number, handles, values[0], values[1], values[2]);
    default:
      return native.call(number, handles, ...values);
  }
}

/**
 * Every operator by its verbatim name: `torch.ops.aten._foreach_add_(tensors, 1)`; one overload of
 * it: `torch.ops.aten.add.Tensor(a, b)`. Unknown names throw TypeError when called.
 */
export const ops: RawOperators = lazily((namespace) =>
  lazily((name) => {
    const qualified = `${namespace}::${name}`;
    const overloads = lazily((overload) => operator(qualified, overload));
    return new Proxy(operator(qualified), {
      get: (target, key) =>
        key in target ? Reflect.get(target, key) : Reflect.get(overloads, key),
    });
  }),
) as RawOperators;

/** An object whose properties are made when they are first asked for. */
function lazily(make: (name: string) => unknown): object {
  const made: Record<string, unknown> = Object.create(null);
  return new Proxy(made, {
    get(_, name) {
      if (typeof name === "symbol") return undefined;
      made[name] ??= make(name);
      return made[name];
    },
  });
}
