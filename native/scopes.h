// Scopes that free the tensors made in them, and what is known of those that are alive.
#pragma once

#include <napi.h>

namespace adaptune::scopes {

Napi::Value enter(const Napi::CallbackInfo& info);  // () -> depth
// (depth, kept: Tensor[]) -> those of them that were made in it
Napi::Value leave(const Napi::CallbackInfo& info);
Napi::Value keep(
    const Napi::CallbackInfo& info);  // (tensor) -> whether a scope would have freed it
Napi::Value dispose(const Napi::CallbackInfo& info);
Napi::Value isDisposed(const Napi::CallbackInfo& info);
// (number of a handle whose object is gone) -> undefined
Napi::Value release(const Napi::CallbackInfo& info);
// (tensor) -> another handle of the same tensor
Napi::Value alias(const Napi::CallbackInfo& info);

Napi::Value memory(const Napi::CallbackInfo& info);  // () -> { tensors, bytes }
// (since: serial number) -> one row for each tensor made later: [serial, site, storage, bytes,
// dtype, shape, device]
Napi::Value report(const Napi::CallbackInfo& info);
// (number of a handle) -> serial number of its tensor
Napi::Value serialOf(const Napi::CallbackInfo& info);
Napi::Value serial(const Napi::CallbackInfo& info);     // () -> that of the latest tensor
Napi::Value setSite(const Napi::CallbackInfo& info);    // (tensor, number) -> undefined
Napi::Value startTurn(const Napi::CallbackInfo& info);  // () -> undefined

}  // namespace adaptune::scopes
