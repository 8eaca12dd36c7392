import { synchronous } from "./callbacks";
import { wrap } from "./dispatch";
import { checkOptions, describe } from "./errors";
import { native } from "./native";
import { type BackwardOptions, Tensor } from "./tensor";

/** Runs a synchronous function without recording gradients; the mode ends with it. */
export function noGrad<T>(fn: () => T): T {
  return native.withGradMode(false, synchronous("torch.noGrad", fn));
}

/** Runs a synchronous function that records gradients, inside `noGrad` too. */
export function enableGrad<T>(fn: () => T): T {
  return native.withGradMode(true, synchronous("torch.enableGrad", fn));
}

/** As `noGrad`, faster; what is made inside can never take part in a graph. */
export function inferenceMode<T>(fn: () => T): T {
  return native.inferenceMode(synchronous("torch.inferenceMode", fn));
}

/**
 * Says whether gradients are recorded: from now on, or, as `noGrad` and `enableGrad` do, while a
 * synchronous function runs.
 */
export function setGradEnabled(enabled: boolean): void;
export function setGradEnabled<T>(enabled: boolean, fn: () => T): T;
export function setGradEnabled<T>(enabled: boolean, fn?: () => T): T | undefined {
  if (typeof enabled !== "boolean") {
    throw new TypeError(
      `torch.setGradEnabled: argument 'enabled': expected a boolean, given ${describe(enabled)}`,
    );
  }
  if (fn !== undefined)
    return native.withGradMode(enabled, synchronous("torch.setGradEnabled", fn));
  native.setGradEnabled(enabled);
}

/** Whether operations are recorded for `backward` here. */
export function isGradEnabled(): boolean {
  return native.isGradEnabled();
}

/** Whether this runs inside of `inferenceMode`. */
export function isInferenceModeEnabled(): boolean {
  return native.isInferenceMode();
}

/**
 * `backward` of several outputs at once, each weighed by its entry in `gradients`; outputs of one
 * element need none.
 */
export function backward(
  outputs: Tensor | readonly Tensor[],
  gradients: Tensor | readonly (Tensor | null)[] = [],
  options: BackwardOptions = {},
): void {
  checkOptions("backward", options, ["retainGraph", "createGraph", "inputs"]);
  const { retainGraph = null, createGraph = false, inputs = [] } = options;
  native.backward(listOf(outputs), listOf(gradients), retainGraph, createGraph, inputs);
}

/** Options of `grad`. */
export interface GradOptions {
  /** Weighs each output's elements; may be left out for outputs of one element. */
  readonly gradOutputs?: Tensor | readonly (Tensor | null)[];
  /** Keeps the graph for another backward; by default as `createGraph`. */
  readonly retainGraph?: boolean;
  /** Records the gradients' own graph, for gradients of gradients. */
  readonly createGraph?: boolean;
  /** Inputs that the outputs do not depend on give null instead of an error. */
  readonly allowUnused?: false;
}

/**
 * d(sum of outputs)/d(input) for each input, without touching any `grad`.
 * Throws TorchError when an input is not part of the graph, unless `allowUnused`.
 */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options?: GradOptions,
): Tensor[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: Omit<GradOptions, "allowUnused"> & { readonly allowUnused: boolean },
): (Tensor | null)[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: Omit<GradOptions, "allowUnused"> & { readonly allowUnused?: boolean } = {},
): (Tensor | null)[] {
  checkOptions("grad", options, ["gradOutputs", "retainGraph", "createGraph", "allowUnused"]);
  const { gradOutputs = [], retainGraph, createGraph = false, allowUnused = false } = options;
  const gradients = native.grad(
    listOf(outputs),
    listOf(inputs),
    listOf(gradOutputs),
    retainGraph ?? null,
    createGraph,
    allowUnused,
  );
  return gradients.map((gradient) => wrap(gradient));
}

function listOf<T>(value: Tensor | readonly T[]): readonly (T | Tensor)[] {
  return value instanceof Tensor ? [value] : value;
}
