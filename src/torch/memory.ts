import fs from "node:fs";
import v8 from "node:v8";
import vm from "node:vm";
import { refuseAsync } from "./errors";
import { isTraced, type MemoryReport, reportSince, trace } from "./memory-report";
import { type Handle, handleKey, native } from "./native";
import { Tensor } from "./tensor";

export type { MemoryGroup, MemoryReport } from "./memory-report";

/**
 * Runs a synchronous function and frees every tensor made in it, except those that its result
 * reaches: through arrays, Maps, Sets and the fields of objects. Scopes nest.
 *
 * Tensors that something else still refers to (a list outside, a cache) are freed all the same:
 * `keep` them. So are those in private fields (#field) and closures of the result, which cannot be
 * seen from outside. Throws TypeError for an async function.
 */
export function scope<T>(fn: () => T): T {
  if (typeof fn !== "function") {
    throw new TypeError(`torch.scope: expected a function, given ${String(fn)}`);
  }
  const depth = native.enterScope();
  scopes = depth;
  let kept: Tensor[] = [];
  try {
    const result = fn();
    refuseAsync("torch.scope", result);
    kept = tensorsIn(result);
    return result;
  } finally {
    scopes = depth - 1;
    const moved = native.leaveScope(depth, kept);
    if (scopes === 0) for (const tensor of moved) watch(tensor);
  }
}

/** No scope frees this tensor any more; `dispose` and the garbage collector still do. */
export function keep<T extends Tensor>(tensor: T): T {
  if (native.keep(tensor)) watch(tensor);
  return tensor;
}

function countMemory(): { tensors: number; bytes: number } {
  return native.memory();
}

/**
 * `torch.memory()` counts the tensors that JavaScript holds, and the bytes of the storage under them, shared
 * ones once; `torch.memory.report()` tells what they are.
 */
export const memory = Object.assign(countMemory, {
  /**
   * What is alive, by dtype, shape and device, the largest first; with ADAPTUNE_TRACE_TENSORS=1 in the
   * environment also by where in the program it was made. Printing it gives a table.
   */
  report: (): MemoryReport => reportSince(0),
  assertNoLeaks,
});

/**
 * Runs a function, which may be async, and throws Error when a tensor made in it is alive afterwards
 * that its result does not reach. What only the garbage collector would free counts as alive.
 */
export function assertNoLeaks<T>(fn: () => T): T {
  const before = native.serial();
  const check = (result: unknown) => {
    const known = new Set(tensorsIn(result).map((tensor) => tensor[handleKey]));
    const left = reportSince(before, known);
    if (left.tensors > 0) throw new Error(leakText(left));
  };
  const result = fn();
  if (result instanceof Promise) {
    return result.then((value) => {
      check(value);
      return value;
    }) as T;
  }
  check(result);
  return result;
}

function leakText(left: MemoryReport): string {
  const hint = isTraced
    ? ""
    : "\nADAPTUNE_TRACE_TENSORS=1 in the environment tells where they were made.";
  return (
    `assertNoLeaks: expected no tensor made inside to be alive, but ${left.tensors} are. Make them in a ` +
    `torch.scope, dispose() them, or return them.\n${left}${hint}`
  );
}

/** Scopes that are open: they free their tensors, so the garbage collector need not know of them. */
let scopes = 0;

const collector = new FinalizationRegistry<Handle>((handle) => native.release(handle));

/** Every new Tensor goes through here. */
export function register(tensor: Tensor): void {
  if (scopes === 0) watch(tensor);
  if (isTraced) trace(tensor);
}

/** A tensor outside of any scope goes when nothing refers to it any more. */
function watch(tensor: Tensor): void {
  collector.register(tensor, tensor[handleKey], tensor);
  if (watchesWeakly) native.watchWeakly(tensor);
}

/**
 * CUDA's memory is full long before a turn ends, so its tensors can also be freed within one: the
 * addon runs `collectGarbage` when it is short of memory, and asks which tensors are gone.
 */
const watchesWeakly = native.cuda !== undefined && native.cudaDeviceCount() > 0;

let runCollector: (() => void) | undefined;

/** Runs V8's garbage collector, which Node.js shows behind a flag only. */
export function collectGarbage(): void {
  if (!runCollector) {
    v8.setFlagsFromString("--expose-gc");
    runCollector = vm.runInNewContext("gc") as () => void;
  }
  runCollector();
}

/** Drops a tensor's reference; the collector forgets it, or a long loop would fill its list. */
export function dispose(tensor: Tensor): void {
  native.dispose(tensor);
  if (scopes === 0) collector.unregister(tensor);
}

/** The addon calls this when many tensors were made outside of scopes: 0 asks for the turn's end. */
export function watchTurn(count: number): void {
  if (count === 0) setImmediate(() => native.startTurn()).unref();
  else warnOfUnscoped(count);
}

let isWarned = false;

/** On standard error at once: a warning of Node's would wait for the very turn that does not end. */
function warnOfUnscoped(count: number): void {
  if (isWarned || process.env.NODE_NO_WARNINGS === "1") return;
  isWarned = true;
  const where = isTraced ? `\n${reportSince(0).toString(5)}` : "";
  fs.writeSync(
    process.stderr.fd,
    `adaptune: ${count.toLocaleString("en")} tensors were made outside of a torch.scope, or returned ` +
      "from one, since the event loop turned, and none of them can be freed before it turns again. Put the " +
      "body of the loop into torch.scope(() => ...), or dispose() what is done with. This is said once; " +
      `ADAPTUNE_TRACE_TENSORS=1 in the environment tells where tensors are made.${where}\n`,
  );
}

function tensorsIn(root: unknown): Tensor[] {
  if (root instanceof Tensor) return [root];
  const found: Tensor[] = [];
  const seen = new Set<object>();
  const left: unknown[] = [root];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    if (value instanceof Tensor) found.push(value);
    else if (!ArrayBuffer.isView(value)) for (const part of partsOf(value)) left.push(part);
  }
  return found;
}

function* partsOf(container: object): Iterable<unknown> {
  if (container instanceof Map) {
    yield* container.keys();
    yield* container.values();
  } else if (Array.isArray(container) || container instanceof Set) yield* container;
  else yield* Object.values(container);
}
