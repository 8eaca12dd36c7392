// Tensors on their way from one thread of the process to another.
#pragma once

#include <napi.h>

namespace adaptune::shared_threads {

// (tensor, receivers) -> id. The tensor's memory is shared, not copied, unless it is JavaScript's.
// Kept until `receivers` threads have taken it, whatever becomes of this one.
Napi::Value share(const Napi::CallbackInfo& info);

// (id) -> tensor, or null when all have taken it already.
Napi::Value receive(const Napi::CallbackInfo& info);

// (id) -> whether it was still kept.
Napi::Value unshare(const Napi::CallbackInfo& info);

}  // namespace adaptune::shared_threads
