import { callback } from "./callbacks";
import { wrap } from "./dispatch";
import { describe, refuseAsync } from "./errors";
import { native } from "./native";
import { Tensor } from "./tensor";

/** A gradient of one argument of `forward`, null for those that have none. */
export type Gradient = Tensor | null | undefined;

/**
 * What `forward` leaves for `backward`. Tensors go by `saveForBackward`, which keeps them whatever
 * scope they were made in and notices when they are changed in place; anything else may be set as a
 * field.
 */
export class FunctionContext {
  /** For each argument of `forward` whether its gradient is wanted. */
  needsInputGrad: readonly boolean[] = [];
  /** In `backward`: what `saveForBackward` was given. */
  savedTensors: readonly Tensor[] = [];

  /** @internal */
  readonly kept: Kept = { saved: [], dirty: [], nonDifferentiable: [], materialize: true };

  /** Keeps tensors, inputs or outputs of `forward` or made in it, for `backward`. Once a call. */
  saveForBackward(...tensors: (Tensor | null)[]): void {
    checkTensors(
      "saveForBackward",
      tensors.filter((tensor) => tensor !== null),
    );
    this.kept.saved = tensors;
  }

  /** Says which arguments `forward` changed in place; they must be among what it returns. */
  markDirty(...tensors: Tensor[]): void {
    checkTensors("markDirty", tensors);
    this.kept.dirty = tensors;
  }

  /** Says which of the results have no gradient. Those of integers never have one. */
  markNonDifferentiable(...tensors: Tensor[]): void {
    checkTensors("markNonDifferentiable", tensors);
    this.kept.nonDifferentiable = tensors;
  }

  /** Whether gradients that are missing come to `backward` as zeros (the default) or as null. */
  setMaterializeGrads(value: boolean): void {
    this.kept.materialize = value;
  }
}

/** @internal */
interface Kept {
  saved: readonly (Tensor | null)[];
  dirty: readonly Tensor[];
  nonDifferentiable: readonly Tensor[];
  materialize: boolean;
}

/** What `forward` of a Function gives. */
export type FunctionResult = Tensor | readonly Tensor[];

/** The static side of a Function that `apply` needs. */
export interface FunctionDefinition<Args extends unknown[], Result extends FunctionResult> {
  readonly name: string;
  forward(ctx: FunctionContext, ...args: Args): Result;
  backward(ctx: FunctionContext, ...gradients: Tensor[]): Gradient | readonly Gradient[];
}

/**
 * An operator with a backward pass of its own:
 *
 *     class Exp extends torch.autograd.Function {
 *       static forward(ctx: FunctionContext, x: Tensor) {
 *         const y = x.exp();
 *         ctx.saveForBackward(y);
 *         return y;
 *       }
 *       static backward(ctx: FunctionContext, gradient: Tensor) {
 *         return gradient.mul(ctx.savedTensors[0]);
 *       }
 *     }
 *     const y = Exp.apply(x);
 *
 * `forward` runs without recording gradients and returns a tensor or an array of them. Arguments that
 * are tensors take part in the graph; tensors inside of arrays and objects do not. `backward` is called
 * with one gradient for each result, and gives one for each argument, null for those that have none. It
 * runs on the thread that asked for the backward pass, whatever the device, and is recorded where
 * `createGraph` asks for it, so that second derivatives are those of what it computes. What it is given
 * and makes is freed when it returns. Neither may be async, and there is no forward mode.
 *
 * What a Function keeps is freed with its graph. A context that refers to a result of its own in a field
 * keeps itself alive: use `saveForBackward`.
 */
// biome-ignore lint/complexity/noStaticOnlyClass: it is extended, as in PyTorch
export abstract class AutogradFunction {
  /**
   * Runs `forward` and records it.
   *
   * Throws TypeError for a result that is no tensor and no array of tensors, and for wrong gradients.
   */
  static apply<Args extends unknown[], Result extends FunctionResult>(
    this: FunctionDefinition<Args, Result>,
    ...args: Args
  ): Result {
    // biome-ignore lint/complexity/noThisInStatic: the class that extends this one
    return record(this, args);
  }
}

function record<Args extends unknown[], Result extends FunctionResult>(
  definition: FunctionDefinition<Args, Result>,
  args: Args,
): Result {
  const inputs = args.map((arg) => (arg instanceof Tensor ? arg : null));
  const ctx = new FunctionContext();
  const isRecording = native.isGradEnabled();
  ctx.needsInputGrad = inputs.map((input) => isRecording && (input?.requiresGrad ?? false));
  const result = native.withGradMode(false, () => definition.forward(ctx, ...args));
  refuseAsync(`${definition.name}.forward`, result);
  const outputs = result instanceof Tensor ? [result] : result;
  checkTensors(`${definition.name}.forward: result`, outputs);
  const replaced = native.finishFunction({
    name: `${definition.name}Backward`,
    inputs,
    outputs,
    ...ctx.kept,
    backward: backwardOf(definition, ctx, args.length),
  });
  // The graph keeps them from here on, by itself.
  Object.assign(ctx.kept, {
    saved: [],
    dirty: [],
    nonDifferentiable: [],
  } satisfies Partial<Kept>);
  const results = replaced.map((handle, n) => (handle === null ? outputs[n] : wrap(handle)));
  return (result instanceof Tensor ? results[0] : results) as Result;
}

/** `backward` as the addon calls it: with the saved tensors, and then the gradients of the results. */
function backwardOf<Args extends unknown[], Result extends FunctionResult>(
  definition: FunctionDefinition<Args, Result>,
  ctx: FunctionContext,
  count: number,
): (needed: boolean[]) => unknown {
  const saved = ctx.kept.saved.length;
  return callback<boolean[]>((given, needed) => {
    ctx.savedTensors = given.slice(0, saved) as Tensor[];
    ctx.needsInputGrad = needed;
    try {
      const result = definition.backward(ctx, ...(given.slice(saved) as Tensor[]));
      refuseAsync(`${definition.name}.backward`, result);
      const gradients: Gradient[] = Array.isArray(result) ? [...result] : [result as Gradient];
      // Nothing for the last arguments may be left out, as in PyTorch too much of it may be given.
      while (gradients.length > count && gradients.at(-1) == null) gradients.pop();
      return { tensors: gradients };
    } finally {
      ctx.savedTensors = [];
    }
  });
}

function checkTensors(what: string, values: unknown): asserts values is readonly Tensor[] {
  if (!Array.isArray(values)) {
    throw new TypeError(
      `${what}: expected a Tensor or an array of Tensors, given ${describe(values)}`,
    );
  }
  const bad = values.find((value) => !(value instanceof Tensor));
  if (bad === undefined) return;
  throw new TypeError(`${what}: expected Tensors, given ${describe(bad)}`);
}
