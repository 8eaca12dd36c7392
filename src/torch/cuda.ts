import { deviceNumber, requireCuda } from "./cuda-native";
import { native } from "./native";

export { Graph, type GraphOptions, graph } from "./cuda-graph";
export {
  emptyCache,
  maxMemoryAllocated,
  maxMemoryReserved,
  memGetInfo,
  memoryAllocated,
  memoryReserved,
  memoryStats,
  resetPeakMemoryStats,
} from "./cuda-memory";
export {
  currentStream,
  defaultStream,
  Event,
  type EventOptions,
  Stream,
  type StreamOptions,
  stream,
} from "./cuda-streams";

/** A device: "cuda" (the current one), "cuda:1", or its number. */
export type CudaDevice = string | number;

/** What a device is; memory in bytes. */
export interface DeviceProperties {
  readonly name: string;
  /** Compute capability: 9 and 0 for sm_90. */
  readonly major: number;
  readonly minor: number;
  readonly totalMemory: number;
  readonly multiProcessorCount: number;
  readonly maxThreadsPerMultiProcessor: number;
  readonly sharedMemoryPerBlock: number;
  readonly l2CacheSize: number;
  readonly warpSize: number;
}

/** Whether LibTorch has CUDA and finds a device. */
export function isAvailable(): boolean {
  return native.cudaDeviceCount() > 0;
}

/** Whether the addon has kernels and bindings for CUDA of its own, whatever the machine has. */
export function isBuilt(): boolean {
  return native.cuda !== undefined;
}

/** How many devices there are; 0 without CUDA. */
export function deviceCount(): number {
  return native.cudaDeviceCount();
}

/** The number of the device that "cuda" means. Throws TorchError without CUDA. */
export function currentDevice(): number {
  return requireCuda("torch.cuda.currentDevice").currentDevice();
}

/** Makes "cuda" mean this device. Throws TorchError for one that is not there. */
export function setDevice(device: CudaDevice): void {
  const what = "torch.cuda.setDevice";
  const number = deviceNumber(what, device);
  const cuda = requireCuda(what);
  if (number !== undefined) cuda.setDevice(number);
}

/** Waits until the device has done all that it was given. Throws what went wrong on it until then. */
export function synchronize(device?: CudaDevice): void {
  const what = "torch.cuda.synchronize";
  requireCuda(what).synchronize(deviceNumber(what, device));
}

/** Throws TorchError without CUDA, and for a device that is not there. */
export function getDeviceProperties(device?: CudaDevice): DeviceProperties {
  const what = "torch.cuda.getDeviceProperties";
  return requireCuda(what).properties(deviceNumber(what, device));
}

/** "NVIDIA H100 80GB HBM3". */
export function getDeviceName(device?: CudaDevice): string {
  return getDeviceProperties(device).name;
}

/** [9, 0] for sm_90. */
export function getDeviceCapability(device?: CudaDevice): [major: number, minor: number] {
  const { major, minor } = getDeviceProperties(device);
  return [major, minor];
}
