// Generators of random numbers: each device's default one, and those that scripts make.
#pragma once

#include <ATen/core/Generator.h>
#include <napi.h>

namespace adaptune::random {

// The generator of an object that `attach` was called with; nullptr for any other value.
at::Generator* generatorOf(napi_env env, napi_value value);

Napi::Value manualSeed(const Napi::CallbackInfo& info);   // (seed: number or bigint) -> undefined
Napi::Value getRngState(const Napi::CallbackInfo& info);  // (device) -> uint8 tensor
Napi::Value setRngState(const Napi::CallbackInfo& info);  // (uint8 tensor, device) -> undefined

// (object, device or Generator, isDefault) -> undefined: makes the object a generator; a new one of
// the device, the device's default one, or a copy of the Generator.
Napi::Value attach(const Napi::CallbackInfo& info);
Napi::Value generatorDevice(const Napi::CallbackInfo& info);  // (generator) -> device
// (generator, seed or nothing) -> the seed; without one a seed that is different each time
Napi::Value generatorSeed(const Napi::CallbackInfo& info);
Napi::Value generatorInitialSeed(const Napi::CallbackInfo& info);  // (generator) -> seed
Napi::Value generatorState(const Napi::CallbackInfo& info);        // (generator) -> uint8 tensor
Napi::Value setGeneratorState(const Napi::CallbackInfo& info);  // (generator, tensor) -> undefined

}  // namespace adaptune::random
