// The machine and the library.
#pragma once

#include <napi.h>

namespace adaptune::system {

// Throws Error when the LibTorch that is loaded is of another version than the headers were: its
// functions may be the same by name and not by what they take.
void requireSameLibTorch(Napi::Env env);

constexpr int kMostThreads = 1024;  // src/torch/threads.ts has it too

// A number of threads that was given to `what`. Throws TypeError for what is none, c10::Error where
// the system does not let so many run.
int threadCount(const Napi::Value& given, const char* what);

Napi::Value getNumThreads(const Napi::CallbackInfo& info);    // () -> number
Napi::Value setNumThreads(const Napi::CallbackInfo& info);    // (count) -> undefined
Napi::Value cudaDeviceCount(const Napi::CallbackInfo& info);  // () -> number
// () -> { torch, cpuCapability, config }: version, instruction set in use, build settings.
Napi::Value build(const Napi::CallbackInfo& info);

// What computes the products of linear layers: see fused/matrix_products.h.
Napi::Value matrixProducts(const Napi::CallbackInfo& info);  // () -> { product: way }
Napi::Value chooseMatrixProducts(
    const Napi::CallbackInfo& info);  // ({ product: way }) -> undefined
Napi::Value measureMatrixProducts(const Napi::CallbackInfo& info);  // (dtype) -> undefined

}  // namespace adaptune::system
