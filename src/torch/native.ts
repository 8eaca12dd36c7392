import path from "node:path";
import { TorchError } from "./errors";

declare const handleBrand: unique symbol;

/** A type-tagged external that owns one reference to a LibTorch tensor. */
export interface Handle {
  readonly [handleBrand]: true;
}

type TypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** Where a tensor lies in a file; `begin` and `end` in bytes. */
export interface FileEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** Anything with a tensor's handle; the addon looks at `handle` alone. */
interface Handled {
  readonly handle: Handle;
}

/** The addon's exports; native/addon.cc is their other side. */
interface Native {
  setErrorClass(errorClass: typeof TorchError): void;

  resolve(name: string, overload?: string): number;
  call(operator: number, ...args: unknown[]): unknown;

  enterScope(): number;
  leaveScope(depth: number, kept: readonly Handled[]): void;
  keep(tensor: Handled): void;
  memory(): { tensors: number; bytes: number };
  dispose(tensor: Handled): void;
  isDisposed(tensor: Handled): boolean;

  shape(tensor: Handled): number[];
  strides(tensor: Handled): number[];
  dtype(tensor: Handled): string;
  device(tensor: Handled): string;
  layout(tensor: Handled): string;
  numel(tensor: Handled): number;
  isContiguous(tensor: Handled): boolean;
  isSame(one: Handled, other: Handled): boolean;
  fromTypedArray(
    data: TypedArray,
    shape: readonly number[],
    dtype: string,
    device: string,
    requiresGrad: boolean,
  ): Handle;
  toTypedArray(tensor: Handled): TypedArray;
  item(tensor: Handled): number | boolean | bigint | { re: number; im: number };

  requiresGrad(tensor: Handled): boolean;
  setRequiresGrad(tensor: Handled, value: boolean): void;
  isLeaf(tensor: Handled): boolean;
  gradient(tensor: Handled): Handle | null;
  setGradient(tensor: Handled, gradient: Handled | null): void;
  gradFn(tensor: Handled): string | null;
  backward(
    outputs: readonly Handled[],
    gradOutputs: readonly (Handled | null)[],
    retainGraph: boolean | null,
    createGraph: boolean,
    inputs: readonly Handled[],
  ): void;
  grad(
    outputs: readonly Handled[],
    inputs: readonly Handled[],
    gradOutputs: readonly (Handled | null)[],
    retainGraph: boolean | null,
    createGraph: boolean,
    allowUnused: boolean,
  ): (Handle | null)[];
  withGradMode<T>(enabled: boolean, fn: () => T): T;
  inferenceMode<T>(fn: () => T): T;
  isGradEnabled(): boolean;

  manualSeed(seed: number | bigint): void;
  getRngState(device: string): Handle;
  setRngState(state: Handled, device: string): void;

  mapTensors(path: string, entries: readonly FileEntry[]): Handle[];
  writeTensor(file: number, tensor: Handled): number;

  getNumThreads(): number;
  setNumThreads(count: number): void;
  cudaDeviceCount(): number;
  build(): { torch: string; cpuCapability: string; config: string };
}

export type { TypedArray };

function loadAddon(): Native {
  const root = path.resolve(__dirname, "..", "..");
  let addon: Native;
  try {
    addon = require("node-gyp-build")(root);
  } catch (error) {
    const reason = (error as Error).message.split("\n")[0];
    throw new Error(
      `adaptune's native addon cannot be loaded: ${reason}\nBuild it with: npx adaptune build` +
        "\n(npx adaptune doctor tells what is wrong with this machine's set-up.)",
      { cause: error },
    );
  }
  addon.setErrorClass(TorchError);
  return addon;
}

export const native = loadAddon();
