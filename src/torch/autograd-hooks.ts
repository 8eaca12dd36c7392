import { callback, checkFunction } from "./callbacks";
import { refuseAsync } from "./errors";
import { native } from "./native";
import { Tensor } from "./tensor";

/** Takes a hook away again, also by `using`. */
export interface RemovableHandle {
  /** The hook is called no more. Removing it again does nothing. */
  remove(): void;
  [Symbol.dispose](): void;
}

/** Returns a gradient to go on with in the given one's place, or nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: a hook that only looks has no result
export type GradientHook = (gradient: Tensor) => Tensor | null | undefined | void;

declare module "./tensor" {
  interface Tensor {
    /**
     * Calls `hook` in each backward pass with the gradient of this tensor, before it is used. Hooks
     * run in the order of their registration. The gradient, and what the hook makes, are freed when it
     * returns: `torch.keep` what is to stay.
     *
     * The hook lives as long as the graph, or, on a leaf, as the leaf. One that refers to the tensor
     * itself is only freed with it by a scope, by `dispose` or by `remove`. Errors that it throws come
     * out of `backward` as they are.
     *
     * Throws TorchError for a tensor that requires no gradient.
     */
    registerHook(hook: GradientHook): RemovableHandle;
    /**
     * Calls `hook` in each backward pass with this leaf, as soon as its `grad` is complete.
     * Throws TorchError unless this is a leaf that requires gradients.
     */
    registerPostAccumulateGradHook(hook: (leaf: Tensor) => void): RemovableHandle;
  }
}

Tensor.prototype.registerHook = function (hook) {
  checkFunction("registerHook", hook);
  const called = callback(([gradient]) => {
    const result = hook(gradient as Tensor);
    refuseAsync("registerHook", result);
    return { tensors: [result as Tensor | null | undefined] };
  });
  return removable(native.registerHook(this, called as () => unknown));
};

Tensor.prototype.registerPostAccumulateGradHook = function (hook) {
  checkFunction("registerPostAccumulateGradHook", hook);
  const called = callback(([leaf]) => {
    refuseAsync("registerPostAccumulateGradHook", hook(leaf as Tensor));
    return {};
  });
  return removable(native.registerPostAccumulateGradHook(this, called as () => unknown));
};

function removable(remove: () => void): RemovableHandle {
  return { remove, [Symbol.dispose]: remove };
}
