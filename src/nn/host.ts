import type { Device, Tensor } from "../torch";
import * as torch from "../torch";
import { hasStaticShapes } from "./static-shapes";

/** A tensor of the host's with the same values, and the versions at which both have them. */
interface Known {
  readonly host: Tensor;
  readonly versions: string;
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
  return device === "cpu" ? host : rememberOnHost(torch.tensor(values, { shape, device }), host);
}

/**
 * Where a tensor's values can be looked at: on the host, where that knows them, else the tensor itself, whose
 * device a look at them waits for. What was written to since, on either side, is another. Where shapes are
 * static nothing is looked at, and all stays on the device.
 */
export function onHost(tensor: Tensor): Tensor {
  if (hasStaticShapes()) return tensor;
  const found = known.get(tensor);
  if (!found || found.host.isDisposed) return tensor;
  return found.versions === versionsOf(tensor, found.host) ? found.host : tensor;
}

/** `onHost` of all, or of none: what goes together has to be in one place. */
export function allOnHost(tensors: readonly Tensor[]): readonly Tensor[] {
  const found = tensors.map(onHost);
  return found.every(({ device }) => device === "cpu") ? found : tensors;
}

/** What a function makes of a tensor, known on the host where the tensor is. */
export function alsoOnHost(tensor: Tensor, fn: (tensor: Tensor) => Tensor): Tensor {
  const host = onHost(tensor);
  return host === tensor ? fn(tensor) : rememberOnHost(fn(tensor), fn(host));
}

/** Says what a tensor's values are; gives the tensor. */
export function rememberOnHost(tensor: Tensor, host: Tensor): Tensor {
  // Inference mode counts no versions.
  if (tensor.device !== "cpu" && ![tensor, host].some((one) => one.isInference())) {
    known.set(tensor, { host, versions: versionsOf(tensor, host) });
  }
  return tensor;
}

/**
 * Sends a tensor of the host's to a device, while the host goes on, and remembers what it was; itself where it
 * is there already.
 */
export function sendToDevice(tensor: Tensor, device: Device): Tensor {
  if (tensor.device === device) return tensor;
  if (tensor.device !== "cpu") return tensor.to(device);
  const { shape, dtype } = tensor;
  return rememberOnHost(torch.tensor(tensor.toTypedArray(), { shape, dtype, device }), tensor);
}

/** How often each was written to. */
function versionsOf(...tensors: Tensor[]): string {
  return tensors.map((tensor) => torch.ops.aten._version(tensor)).join();
}
