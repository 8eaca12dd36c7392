import { native } from "./native";
import { checkThreads } from "./threads";

/** LibTorch's version: "2.13.0". */
export const version: string = native.build().torch;

/** LibTorch's version, the CPU instructions it uses ("AVX2", "AVX512") and its build settings. */
export function buildInfo(): { torch: string; cpuCapability: string; config: string } {
  return native.build();
}

/** Threads that one operator uses on the CPU. */
export function getNumThreads(): number {
  return native.getNumThreads();
}

/**
 * Throws TypeError unless `count` is an integer of 1 to `maximalThreads`, TorchError where the system does not
 * let so many run.
 */
export function setNumThreads(count: number): void {
  checkThreads("setNumThreads: argument 'count'", count);
  native.setNumThreads(count);
}
