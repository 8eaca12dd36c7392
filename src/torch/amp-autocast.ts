import { synchronous } from "./callbacks";
import type { DType } from "./dtype";
import { checkOptions, describe } from "./errors";
import { native } from "./native";

/** A device that has lists of operators for `autocast`. */
export type AutocastDevice = "cpu" | "cuda";

/** Options of `autocast`. */
export interface AutocastOptions {
  /** What operators run in; by default bfloat16 on the CPU and float16 on CUDA. */
  readonly dtype?: "bfloat16" | "float16";
  /** False computes in full precision, inside of another autocast too. */
  readonly enabled?: boolean;
  /** Whether a weight is cast once for all its uses until the outermost autocast ends; it is. */
  readonly cacheEnabled?: boolean;
}

const devices: readonly unknown[] = ["cpu", "cuda"] satisfies AutocastDevice[];
const dtypes: readonly unknown[] = ["bfloat16", "float16"] satisfies AutocastOptions["dtype"][];

/**
 * Runs a synchronous function in which operators that gain from it compute in a lower precision, and
 * those that need it in float32, as PyTorch's lists say. Autocasts nest. Backward passes belong outside:
 * they run in the precision that the forward pass chose.
 *
 * Throws TypeError for an async function, an unknown device or dtype, and for CUDA where there is none.
 */
export function autocast<T>(device: AutocastDevice, fn: () => T): T;
export function autocast<T>(device: AutocastDevice, options: AutocastOptions, fn: () => T): T;
export function autocast<T>(
  device: AutocastDevice,
  ...[given, last]: [() => T] | [AutocastOptions, () => T]
): T {
  const [options, fn] = last === undefined ? [{}, given as () => T] : [given, last];
  checkDevice("torch.autocast", device);
  checkOptions("torch.autocast", options, ["dtype", "enabled", "cacheEnabled"]);
  const { enabled = true, cacheEnabled = native.isAutocastCacheEnabled() } =
    options as AutocastOptions;
  const { dtype = native.autocastDtype(device) } = options as AutocastOptions;
  if (!dtypes.includes(dtype)) {
    throw new TypeError(
      `torch.autocast: option 'dtype': expected "bfloat16" or "float16", given ${describe(dtype)}`,
    );
  }
  if (device === "cuda" && enabled && native.cudaDeviceCount() === 0) {
    throw new TypeError(
      'torch.autocast: expected a device that is there, given "cuda", and this LibTorch finds none ' +
        "(npx adaptune doctor tells why)",
    );
  }
  const run = synchronous("torch.autocast", fn);
  return native.withAutocast(device, enabled, dtype, cacheEnabled, run);
}

/** Whether operators on a device run under `autocast` here. Throws TypeError for another device. */
export function isAutocastEnabled(device: AutocastDevice): boolean {
  checkDevice("torch.isAutocastEnabled", device);
  return native.isAutocastEnabled(device);
}

/** What autocast computes in on a device, now or unless it is told otherwise. */
export function getAutocastDtype(device: AutocastDevice): DType {
  checkDevice("torch.getAutocastDtype", device);
  return native.autocastDtype(device) as DType;
}

/** @internal The modes of all devices as they are now: a function that runs others in them. */
export function captureAutocast(): <T>(fn: () => T) => T {
  const cacheEnabled = native.isAutocastCacheEnabled();
  const states = (["cpu", "cuda"] as const).map((device) => ({
    device,
    enabled: native.isAutocastEnabled(device),
    dtype: native.autocastDtype(device),
  }));
  return (fn) =>
    states.reduce(
      (inner, { device, enabled, dtype }) =>
        () =>
          native.withAutocast(device, enabled, dtype, cacheEnabled, inner),
      fn,
    )();
}

function checkDevice(what: string, device: unknown): void {
  if (devices.includes(device)) return;
  throw new TypeError(`${what}: expected the device "cpu" or "cuda", given ${describe(device)}`);
}
