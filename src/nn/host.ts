import type { Device, Tensor } from "../torch";
import * as torch from "../torch";
import { hasStaticShapes } from "./static-shapes";

/** A tensor of the host's with the same values, and the version of the other that it is of. */
interface Known {
  readonly host: Tensor;
  readonly version: number;
}

/** What is known on the host of tensors that are on a device. */
const known = new WeakMap<Tensor, Known>();

/**
 * A tensor of the values on a device whose values the host still knows, without asking the device: what
 * models look at to know which positions there are, and where.
 */
export function knownOnHost(
  values: BigInt64Array,
  { shape, device }: { readonly shape: readonly number[]; readonly device: Device },
): Tensor {
  const host = torch.tensor(values, { shape });
  return device === "cpu" ? host : remember(torch.tensor(values, { shape, device }), host);
}

/**
 * Where a tensor's values can be looked at: on the host, where that knows them, else the tensor itself, whose
 * device a look at them waits for. What was written to since is another. Where shapes are static nothing is
 * looked at, and all stays on the device.
 */
export function onHost(tensor: Tensor): Tensor {
  if (hasStaticShapes()) return tensor;
  const found = known.get(tensor);
  const isCurrent = found && !found.host.isDisposed && found.version === versionOf(tensor);
  return isCurrent ? found.host : tensor;
}

/** `onHost` of all, or of none: what goes together has to be in one place. */
export function allOnHost(tensors: readonly Tensor[]): readonly Tensor[] {
  const found = tensors.map(onHost);
  return found.every(({ device }) => device === "cpu") ? found : tensors;
}

/** What a function makes of a tensor, known on the host where the tensor is. */
export function alsoOnHost(tensor: Tensor, fn: (tensor: Tensor) => Tensor): Tensor {
  const host = onHost(tensor);
  return host === tensor ? fn(tensor) : remember(fn(tensor), fn(host));
}

/** Says what a tensor's values are; gives the tensor. */
export function remember(tensor: Tensor, host: Tensor): Tensor {
  // Inference mode counts no versions.
  if (tensor.device !== "cpu" && !tensor.isInference())
    known.set(tensor, { host, version: versionOf(tensor) });
  return tensor;
}

/**
 * Sends a tensor of the host's to a device, while the host goes on, and remembers what it was; itself where it
 * is there already.
 */
export function send(tensor: Tensor, device: Device): Tensor {
  if (tensor.device === device) return tensor;
  if (tensor.device !== "cpu") return tensor.to(device);
  return remember(tensor.pinMemory().to(device, { nonBlocking: true }), tensor);
}

function versionOf(tensor: Tensor): number {
  return torch.ops.aten._version(tensor) as number;
}
