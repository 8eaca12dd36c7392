// Models compiled ahead of time by AOTInductor. A package holds machine code: loading one runs it.
#pragma once

#include <napi.h>

namespace adaptune::aoti {

// (path, model's name, device index or -1, runners) -> model, an external.
Napi::Value load(const Napi::CallbackInfo& info);

// (model, tensors) -> tensors: the flattened inputs and outputs of the exported program.
Napi::Value run(const Napi::CallbackInfo& info);

// (model) -> names of the constants: parameters and buffers.
Napi::Value constantNames(const Napi::CallbackInfo& info);

// (model, [name, tensor][]) -> undefined. Replaces all constants by copies of others.
Napi::Value loadConstants(const Napi::CallbackInfo& info);

// (model) -> { key: text }
Napi::Value metadata(const Napi::CallbackInfo& info);

// (model) -> [inputs, outputs]: how arguments and results are flattened, as JSON of pytrees.
Napi::Value callSpec(const Napi::CallbackInfo& info);

}  // namespace adaptune::aoti
