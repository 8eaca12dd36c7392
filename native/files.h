// Tensors' bytes in files.
#pragma once

#include <napi.h>

namespace adaptune::files {

// (path, entries: { dtype, shape, begin, end }[]) -> tensor[]. Byte ranges of the file become
// tensors over a private, writable memory map: nothing is read before it is used, and nothing that
// is written to a tensor reaches the file. Throws TorchError when a range does not fit.
Napi::Value mapTensors(const Napi::CallbackInfo& info);

// (file descriptor, tensor) -> bytes written: the elements in row-major order.
Napi::Value writeTensor(const Napi::CallbackInfo& info);

}  // namespace adaptune::files
