import { synchronous } from "./callbacks";
import { checkOptions } from "./errors";
import { native } from "./native";

/**
 * Runs a synchronous function, forward and backward, and makes an error of the first backward that
 * gives a NaN (with `checkNan`, which is the default): the error names the backward and tells where in
 * the program its operator was called. Other errors of backward passes tell it too. Slow: for debugging.
 *
 * The check holds for the whole process while the function runs, other threads included.
 */
export function detectAnomaly<T>(fn: () => T, options: { readonly checkNan?: boolean } = {}): T {
  checkOptions("detectAnomaly", options, ["checkNan"]);
  const { checkNan = true } = options;
  return native.detectAnomaly(checkNan, __dirname, synchronous("detectAnomaly", fn));
}

/** Whether `detectAnomaly` is running something. */
export function isAnomalyEnabled(): boolean {
  return native.isAnomalyEnabled();
}
