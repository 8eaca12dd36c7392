import type { RawOperators } from "./generated/types";
import { type Handle, native } from "./native";
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
    return wrap(native.call(number, ...args));
  };
}

/** The same with `this` as the first argument. */
export function method(name: string): (this: Tensor, ...args: unknown[]) => unknown {
  const call = operator(name);
  return function (this: Tensor, ...args) {
    return call(this, ...args);
  };
}

/** A new handle becomes a Tensor; what was given in and comes back (in-place) stays what it is. */
export function wrap(result: unknown): unknown {
  if (typeof result !== "object" || result === null || result instanceof Tensor) return result;
  if (Array.isArray(result)) return result.map(wrap);
  if ("re" in result || "handle" in result) return result;
  return new Tensor(result as Handle);
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
