import type { CudaDevice } from "./cuda";
import { deviceNumber, requireCuda } from "./cuda-native";
import { native } from "./native";

/**
 * What the caching allocator counts, by PyTorch's names: `stats["allocated_bytes.all.current"]`. Empty
 * where there is no CUDA.
 */
export function memoryStats(device?: CudaDevice): Record<string, number> {
  const number = deviceNumber("torch.cuda.memoryStats", device);
  if (native.cuda === undefined || native.cudaDeviceCount() === 0) return {};
  return native.cuda.memoryStats(number);
}

/** Bytes that tensors take now; 0 where there is no CUDA. */
export function memoryAllocated(device?: CudaDevice): number {
  return memoryStats(device)["allocated_bytes.all.current"] ?? 0;
}

/** The most that tensors took since the start or the last `resetPeakMemoryStats`, in bytes. */
export function maxMemoryAllocated(device?: CudaDevice): number {
  return memoryStats(device)["allocated_bytes.all.peak"] ?? 0;
}

/** Bytes that the allocator holds, for tensors and for those to come. */
export function memoryReserved(device?: CudaDevice): number {
  return memoryStats(device)["reserved_bytes.all.current"] ?? 0;
}

/** The most that the allocator held since the start or the last `resetPeakMemoryStats`, in bytes. */
export function maxMemoryReserved(device?: CudaDevice): number {
  return memoryStats(device)["reserved_bytes.all.peak"] ?? 0;
}

/** Starts the peaks anew; nothing where there is no CUDA. */
export function resetPeakMemoryStats(device?: CudaDevice): void {
  const number = deviceNumber("torch.cuda.resetPeakMemoryStats", device);
  if (native.cuda && native.cudaDeviceCount() > 0) native.cuda.resetPeakMemoryStats(number);
}

/**
 * Frees tensors that nothing refers to any more, and gives memory that no tensor takes back to the
 * device; nothing where there is no CUDA.
 */
export function emptyCache(): void {
  if (native.cuda === undefined || native.cudaDeviceCount() === 0) return;
  native.collect();
  native.cuda.emptyCache();
}

/** Memory of the device that no process takes, and all that it has, in bytes. Throws TorchError without CUDA. */
export function memGetInfo(device?: CudaDevice): { free: number; total: number } {
  const what = "torch.cuda.memGetInfo";
  const [free, total] = requireCuda(what).memGetInfo(deviceNumber(what, device));
  return { free, total };
}
