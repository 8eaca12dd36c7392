import { wrap } from "./dispatch";
import type { Device } from "./dtype";
import { native } from "./native";
import type { Tensor } from "./tensor";

/** Seeds the generators of all devices: the numbers that follow are PyTorch's for the same seed. */
export function manualSeed(seed: number | bigint): void {
  native.manualSeed(seed);
}

/** The state of a device's generator, as uint8. */
export function getRngState(device: Device = "cpu"): Tensor {
  return wrap(native.getRngState(device));
}

/** Puts a generator back to a state that `getRngState` gave. */
export function setRngState(state: Tensor, device: Device = "cpu"): void {
  native.setRngState(state, device);
}
