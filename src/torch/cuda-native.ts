import { TorchError } from "./errors";
import { type Handled, native } from "./native";

/** @internal What the addon exports of CUDA; native/cuda/bindings.h is its other side. Devices are numbers. */
export interface CudaNative {
  currentDevice(): number;
  setDevice(device: number): void;
  synchronize(device?: number): void;
  properties(device?: number): {
    name: string;
    major: number;
    minor: number;
    totalMemory: number;
    multiProcessorCount: number;
    maxThreadsPerMultiProcessor: number;
    sharedMemoryPerBlock: number;
    l2CacheSize: number;
    warpSize: number;
  };

  attachStream(
    object: object,
    source: "pool" | "default" | "current",
    device: number | undefined,
    priority: number,
  ): void;
  streamDevice(stream: object): number;
  streamIsSame(one: object, other: object): boolean;
  streamQuery(stream: object): boolean;
  streamSynchronize(stream: object): void;
  withStream<T>(stream: object, fn: () => T): T;
  recordStream(tensor: Handled, stream: object): void;

  attachEvent(object: object, timing: boolean): void;
  eventRecord(event: object, stream?: object): void;
  eventWait(event: object, stream?: object): void;
  eventQuery(event: object): boolean;
  eventSynchronize(event: object): void;
  eventElapsed(start: object, end: object): number;

  memoryStats(device?: number): Record<string, number>;
  resetPeakMemoryStats(device?: number): void;
  emptyCache(): void;
  memGetInfo(device?: number): [free: number, total: number];

  attachGraph(object: object, pool?: object): void;
  capture<T>(graph: object, stream: object, fn: () => T): T;
  replay(graph: object): void;
  resetGraph(graph: object): void;
}

/** The addon's side of CUDA; throws TorchError, which names `what` and the reason, where there is none. */
export function requireCuda(what: string): CudaNative {
  if (native.cuda && native.cudaDeviceCount() > 0) return native.cuda;
  const reason = /USE_CUDA=(ON|1)/.test(native.build().config)
    ? native.cuda
      ? "it finds no device: see nvidia-smi"
      : "the addon was built without nvcc"
    : "this LibTorch is built without it";
  throw new TorchError(
    `${what}: CUDA can not be used: ${reason}. npx adaptune doctor tells more; ` +
      "ADAPTUNE_DEVICE=cuda npx adaptune build builds with it.",
  );
}

/** The number of a device that is given as "cuda", "cuda:1" or 1; undefined for the current one. */
export function deviceNumber(
  what: string,
  device: string | number | undefined,
): number | undefined {
  if (device === undefined || device === "cuda" || typeof device === "number")
    return device === "cuda" ? undefined : device;
  const number = /^cuda:(\d+)$/.exec(device)?.[1];
  if (number !== undefined) return Number(number);
  throw new TypeError(
    `${what}: expected "cuda", "cuda:N" or a number, given ${JSON.stringify(device)}`,
  );
}
