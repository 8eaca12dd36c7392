// Tensors' bytes in files.
#pragma once

#include <napi.h>

namespace adaptune::files {

// (path, entries: { dtype, shape, begin, end, alignment? }[]) -> tensor[]. Byte ranges of the file
// become tensors over a private, writable memory map: nothing is read before it is used, and
// nothing that is written to a tensor reaches the file. Ranges that are not aligned are copied.
// Throws TorchError when a range does not fit.
Napi::Value mapTensors(const Napi::CallbackInfo& info);

// (tensor) -> { id, bytes, offset }: the same id for tensors over one storage; offset in elements.
Napi::Value storageOf(const Napi::CallbackInfo& info);

// (tensor) -> uint8 [bytes] over its whole storage.
Napi::Value storageBytes(const Napi::CallbackInfo& info);

// (contiguous tensor on the CPU, CRC-32 of what is before) -> CRC-32 of that and its bytes.
Napi::Value crc32(const Napi::CallbackInfo& info);

// (file descriptor, tensor) -> bytes written: the elements in row-major order.
Napi::Value writeTensor(const Napi::CallbackInfo& info);

}  // namespace adaptune::files
