// Calls of operators as they reach the dispatcher, recorded instead of run.
#pragma once

#include <napi.h>

namespace adaptune::recording {

// (fn) -> { name, overload, arguments: [name, value][] } of the first operator that fn calls, which
// does not run; null when it calls none.
Napi::Value explain(const Napi::CallbackInfo& info);

}  // namespace adaptune::recording
