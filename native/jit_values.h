// Values of TorchScript's types from and to JavaScript.
#pragma once

#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <napi.h>

#include <string>

namespace adaptune::jit {

// The value as `type` has it: arrays for lists and tuples, plain objects or Maps for dicts, null
// for None. Throws TypeError that starts with `what` ("forward: argument 'x'") for any other.
c10::IValue fromJavaScript(Napi::Env env, Napi::Value value, const c10::TypePtr& type,
                           const std::string& what);

// Lists and tuples become arrays; dicts and named tuples plain objects where their keys are strings
// or whole numbers, else Maps. Throws TypeError for objects of classes.
Napi::Value toJavaScript(Napi::Env env, const c10::IValue& value, const std::string& what);

}  // namespace adaptune::jit
