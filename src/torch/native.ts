import path from "node:path";
import type { CudaNative } from "./cuda-native";
import type { TorchError } from "./errors";
import type { Tensor } from "./tensor";

declare const handleBrand: unique symbol;

/** @internal The number of a slot of the addon's, which owns one reference to a LibTorch tensor. */
export type Handle = number & { readonly [handleBrand]: true };

/** Where a Tensor keeps its handle; the addon looks there. */
export const handleKey: unique symbol = Symbol("handle");

/** JavaScript's arrays of numbers. */
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
  /** Of the first byte in memory; by default the dtype's size. What is not aligned is copied. */
  readonly alignment?: number;
}

declare const scriptModuleBrand: unique symbol;
declare const compiledModelBrand: unique symbol;

/** @internal The addon's reference to a TorchScript module. */
export interface ScriptModuleHandle {
  readonly [scriptModuleBrand]: true;
}

/** @internal The addon's reference to a model that was compiled ahead of time. */
export interface CompiledModelHandle {
  readonly [compiledModelBrand]: true;
}

/** @internal Anything with a tensor's handle; the addon looks at nothing else. */
export interface Handled {
  readonly [handleKey]: Handle;
}

/** A live tensor: its number in the order of making, site or -1, storage, bytes of that, and what it is. */
export type MemoryRow = [number, number, number, number, string, number[], string];

/** One overload as the dispatcher declares it: native/schema.cc. */
export interface Schema {
  /** "aten::add" */
  readonly name: string;
  readonly overload: string;
  /** "aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor" */
  readonly schema: string;
  readonly variadic: boolean;
  readonly factory: boolean;
  readonly arguments: readonly SchemaArgument[];
  readonly returns: readonly SchemaArgument[];
}

export interface SchemaArgument {
  readonly name: string;
  readonly kind: string;
  readonly optional: boolean;
  readonly hasDefault: boolean;
  readonly keywordOnly: boolean;
  readonly written: boolean;
  readonly acceptsSingle: boolean;
  readonly acceptsNumber: boolean;
  readonly isReduction: boolean;
}

/** The addon's exports; native/addon.cc is their other side. */
interface Native {
  attach(ours: {
    TorchError: typeof TorchError;
    Tensor: new (handle: Handle) => Handled;
    handleKey: typeof handleKey;
    manyUnscoped: (count: number) => void;
    collectGarbage: () => void;
  }): void;

  resolve(name: string, overload?: string): number;
  call(operator: number, handles: number, ...args: unknown[]): unknown;
  schemas(): Schema[];
  uncovered(): { schema: string; because: string }[];
  explain(fn: () => unknown): {
    readonly name: string;
    readonly overload: string;
    readonly arguments: readonly (readonly [string, unknown])[];
  } | null;

  enterScope(): number;
  leaveScope<T extends Handled>(depth: number, kept: readonly T[]): T[];
  keep(tensor: Handled): boolean;
  release(handle: Handle): void;
  alias(tensor: Handled): Handle;
  memory(): { tensors: number; bytes: number };
  memoryReport(since: number): MemoryRow[];
  serial(): number;
  serialOf(handle: Handle): number;
  setSite(tensor: Handled, site: number): void;
  startTurn(): void;
  watchWeakly(tensor: Handled, anyDevice?: boolean): void;
  collect(): number;
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
  setGradEnabled(enabled: boolean): void;
  isInferenceMode(): boolean;
  detectAnomaly<T>(checkNan: boolean, folder: string, fn: () => T): T;
  isAnomalyEnabled(): boolean;
  currentGraphTask(): number;
  afterBackward(callback: () => unknown): void;

  receive(): (Handle | null)[];
  give(tensors: readonly (Handled | null | undefined)[]): void;
  registerHook(tensor: Handled, callback: () => unknown): () => void;
  registerPostAccumulateGradHook(leaf: Handled, callback: () => unknown): () => void;
  withSavedTensorsHooks<T>(pack: () => object, unpack: (packed: object) => unknown, fn: () => T): T;
  finishFunction(call: {
    name: string;
    inputs: readonly (Handled | null)[];
    outputs: readonly Handled[];
    dirty: readonly Handled[];
    nonDifferentiable: readonly Handled[];
    saved: readonly (Handled | null)[];
    materialize: boolean;
    backward: (needed: boolean[]) => unknown;
  }): (Handle | null)[];

  withAutocast<T>(
    device: string,
    enabled: boolean,
    dtype: string,
    cacheEnabled: boolean,
    fn: () => T,
  ): T;
  isAutocastEnabled(device: string): boolean;
  autocastDtype(device: string): string;
  isAutocastCacheEnabled(): boolean;

  useDeterministicAlgorithms(mode: boolean, warnOnly: boolean): void;
  deterministicAlgorithms(): { enabled: boolean; warnOnly: boolean };
  setFloat32MatmulPrecision(precision: string): void;
  getFloat32MatmulPrecision(): string;
  setNumInteropThreads(count: number): void;
  getNumInteropThreads(): number;

  attachGenerator(object: object, source: string | object, isDefault: boolean): void;
  generatorDevice(generator: object): string;
  generatorSeed(generator: object, seed?: number | bigint): number | bigint;
  generatorInitialSeed(generator: object): number | bigint;
  generatorState(generator: object): Handle;
  setGeneratorState(generator: object, state: Handled): void;
  manualSeed(seed: number | bigint): void;
  getRngState(device: string): Handle;
  setRngState(state: Handled, device: string): void;

  mapTensors(path: string, entries: readonly FileEntry[]): Handle[];
  writeTensor(file: number, tensor: Handled): number;
  storageOf(tensor: Handled): { id: number; bytes: number; offset: number };
  storageBytes(tensor: Handled): Handle;
  crc32(tensor: Handled, before: number): number;

  overTypedArray(array: NodeJS.TypedArray, dtype: string, shape: readonly number[]): Handle;
  isTensorMemory(array: NodeJS.TypedArray): boolean;
  asTypedArray(tensor: Handled): TypedArray;
  shareTensor(tensor: Handled, receivers: number): number;
  receiveTensor(id: number): Handle | null;
  unshareTensor(id: number): boolean;

  jitLoad(path: string, device: string | null): ScriptModuleHandle;
  jitMethods(module: ScriptModuleHandle): Record<string, string>;
  jitRun(module: ScriptModuleHandle, method: string, args: readonly unknown[]): unknown;
  jitTensors(module: ScriptModuleHandle, kind: "parameters" | "buffers"): [string, Tensor][];
  jitTo(module: ScriptModuleHandle, dtype: string | null, device: string | null): void;
  jitTrain(module: ScriptModuleHandle, mode: boolean): void;
  jitIsTraining(module: ScriptModuleHandle): boolean;
  aotiLoad(path: string, name: string, device: number, runners: number): CompiledModelHandle;
  aotiRun(model: CompiledModelHandle, inputs: readonly Handled[]): Tensor[];
  aotiConstantNames(model: CompiledModelHandle): string[];
  aotiLoadConstants(model: CompiledModelHandle, constants: readonly [string, Handled][]): void;
  aotiMetadata(model: CompiledModelHandle): Record<string, string>;
  aotiCallSpec(model: CompiledModelHandle): string[];

  getNumThreads(): number;
  setNumThreads(count: number): void;
  cudaDeviceCount(): number;
  /** Nothing in an addon that is built without CUDA. */
  readonly cuda?: CudaNative;
  matrixProducts(): Record<string, string>;
  chooseMatrixProducts(ways: Readonly<Record<string, string>>): void;
  measureMatrixProducts(dtype: string): void;
  build(): { torch: string; cpuCapability: string; config: string };
}

export type { TypedArray };

function loadAddon(): Native {
  const root = path.resolve(__dirname, "..", "..");
  let addon: Native;
  try {
    addon = require("node-gyp-build")(root);
  } catch (error) {
    const [reason] = (error as Error).message.split("\n");
    throw new Error(
      `adaptune's native addon cannot be loaded: ${explained(reason)}\nBuild it with: npx adaptune ` +
        "build\n(npx adaptune doctor tells what is wrong with this machine's set-up.)",
      { cause: error },
    );
  }
  return addon;
}

/** The system's loader speaks of files and symbols. */
function explained(reason: string): string {
  const symbol = /undefined symbol: (\S+)/.exec(reason)?.[1];
  if (symbol)
    return `it was built against another LibTorch than is there now, which lacks ${symbol}`;
  const library = /(lib(?:torch|c10)\S*): cannot open shared object/.exec(reason)?.[1];
  if (library) return `LibTorch's ${library} is not where it was when the addon was built`;
  return reason;
}

export const native = loadAddon();
