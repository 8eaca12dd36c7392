import { refuseAsync } from "./errors";
import { native } from "./native";
import { Tensor } from "./tensor";

/**
 * Runs a synchronous function and frees every tensor made in it, except those that its result
 * reaches: through arrays, Maps, Sets and the fields of objects. Scopes nest.
 *
 * Tensors that something else still refers to (a list outside, a cache) are freed all the same:
 * `keep` them. Throws TypeError for an async function.
 */
export function scope<T>(fn: () => T): T {
  if (typeof fn !== "function") {
    throw new TypeError(`torch.scope: expected a function, given ${String(fn)}`);
  }
  const depth = native.enterScope();
  let kept: Tensor[] = [];
  try {
    const result = fn();
    refuseAsync("torch.scope", result);
    kept = tensorsIn(result);
    return result;
  } finally {
    native.leaveScope(depth, kept);
  }
}

/** No scope frees this tensor any more; `dispose` and the garbage collector still do. */
export function keep<T extends Tensor>(tensor: T): T {
  native.keep(tensor);
  return tensor;
}

/** Tensors that JavaScript holds, and the bytes of the storage under them, shared ones once. */
export function memory(): { tensors: number; bytes: number } {
  return native.memory();
}

function tensorsIn(root: unknown): Tensor[] {
  const found: Tensor[] = [];
  const seen = new Set<object>();
  const left: unknown[] = [root];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    if (value instanceof Tensor) found.push(value);
    else if (value instanceof Map) left.push(...value.keys(), ...value.values());
    else if (Array.isArray(value) || value instanceof Set) left.push(...value);
    else if (!ArrayBuffer.isView(value)) left.push(...Object.values(value));
  }
  return found;
}
