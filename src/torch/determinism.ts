import { checkOptions, describe } from "./errors";
import { native } from "./native";
import { checkThreads } from "./threads";

/**
 * Operators that have a deterministic form use it, and the others throw TorchError, or with `warnOnly`
 * warn on standard error. Holds for the whole process.
 */
export function useDeterministicAlgorithms(
  mode: boolean,
  options: { readonly warnOnly?: boolean } = {},
): void {
  checkBoolean("useDeterministicAlgorithms: argument 'mode'", mode);
  checkOptions("useDeterministicAlgorithms", options, ["warnOnly"]);
  const { warnOnly = false } = options;
  checkBoolean("useDeterministicAlgorithms: option 'warnOnly'", warnOnly);
  native.useDeterministicAlgorithms(mode, warnOnly);
}

/** Whether operators without a deterministic form are refused, or warned of. */
export function areDeterministicAlgorithmsEnabled(): boolean {
  return native.deterministicAlgorithms().enabled;
}

/** Whether they are warned of instead of refused. */
export function isDeterministicAlgorithmsWarnOnlyEnabled(): boolean {
  return native.deterministicAlgorithms().warnOnly;
}

const precisions = ["highest", "high", "medium"] as const;

/** How exact float32 products of matrices are on hardware that has faster, less exact ones. */
export type Float32MatmulPrecision = (typeof precisions)[number];

/** Holds for the whole process. Throws TypeError for another name. */
export function setFloat32MatmulPrecision(precision: Float32MatmulPrecision): void {
  if (!precisions.includes(precision)) {
    throw new TypeError(
      "setFloat32MatmulPrecision: argument 'precision': expected " +
        `${precisions.map(describe).join(", ")}, given ${describe(precision)}`,
    );
  }
  native.setFloat32MatmulPrecision(precision);
}

/** How exact float32 products of matrices are. */
export function getFloat32MatmulPrecision(): Float32MatmulPrecision {
  return native.getFloat32MatmulPrecision() as Float32MatmulPrecision;
}

/** Threads that run operators beside each other. */
export function getNumInteropThreads(): number {
  return native.getNumInteropThreads();
}

/**
 * Throws TypeError unless `count` is an integer of 1 to `maximalThreads`, TorchError when it was set before,
 * such threads run already, or the system does not let so many run.
 */
export function setNumInteropThreads(count: number): void {
  checkThreads("setNumInteropThreads: argument 'count'", count);
  native.setNumInteropThreads(count);
}

function checkBoolean(what: string, value: unknown): void {
  if (typeof value === "boolean") return;
  throw new TypeError(`${what}: expected a boolean, given ${describe(value)}`);
}
