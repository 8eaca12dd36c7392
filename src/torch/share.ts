import { wrap } from "./dispatch";
import { checkOptions, describe, TorchError } from "./errors";
import { native } from "./native";
import type { Tensor } from "./tensor";

/** A tensor on its way to another thread: plain data for `postMessage`. */
export interface SharedTensor {
  readonly sharedTensor: number;
  readonly process: number;
}

/** Options of `share`. */
export interface ShareOptions {
  /** How often it will be received; by default once. */
  readonly receivers?: number;
}

/**
 * Hands a tensor to another thread of this process without copying its memory: `postMessage` what it
 * returns, and `receive` it there. Both then have the memory in common, also when this thread ends.
 *
 * It is kept until it was received as often as `receivers` says, or until `unshare`. Memory of
 * JavaScript's (`frombuffer`) is copied. Throws TorchError for a tensor with a graph.
 */
export function share(tensor: Tensor, options: ShareOptions = {}): SharedTensor {
  checkOptions("torch.share", options, ["receivers"]);
  const { receivers = 1 } = options;
  if (!Number.isSafeInteger(receivers) || receivers < 1) {
    throw new TypeError(
      `torch.share: option 'receivers': expected an integer of at least 1, given ${describe(receivers)}`,
    );
  }
  return { sharedTensor: native.shareTensor(tensor, receivers), process: process.pid };
}

/**
 * The tensor that another thread shared: a leaf over the same memory, which requires gradients where that
 * one does. Throws TorchError when it was received before, TypeError for what `share` did not make.
 */
export function receive(shared: SharedTensor): Tensor {
  const tensor = wrap(native.receiveTensor(idOf("torch.receive", shared)));
  if (tensor) return tensor;
  throw new TorchError(
    "torch.receive: this tensor was received already, or unshared. To receive it more than once: " +
      "torch.share(tensor, { receivers: 2 })",
  );
}

/** Gives up what nobody will receive any more; whether it was still kept. */
export function unshare(shared: SharedTensor): boolean {
  return native.unshareTensor(idOf("torch.unshare", shared));
}

function idOf(what: string, shared: SharedTensor): number {
  const { sharedTensor: id, process: owner } = (shared ?? {}) as Partial<SharedTensor>;
  if (!Number.isSafeInteger(id)) {
    throw new TypeError(`${what}: expected what torch.share made, given ${describe(shared)}`);
  }
  if (owner === process.pid) return id as number;
  throw new TorchError(
    `${what}: this tensor is of process ${owner}, and this is ${process.pid}: memory is shared ` +
      "between threads only. Between processes, save and load a file.",
  );
}
