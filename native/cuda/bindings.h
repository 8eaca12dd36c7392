// What the addon exports of CUDA: src/torch/cuda-native.ts is its other side.
#pragma once

#include <c10/core/Device.h>
#include <c10/cuda/CUDAStream.h>
#include <napi.h>

namespace adaptune::cuda {

// All of it, for `exports.cuda`.
Napi::Object bindings(Napi::Env env);

void bindDevices(Napi::Env env, Napi::Object& exports);
void bindStreams(Napi::Env env, Napi::Object& exports);
void bindEvents(Napi::Env env, Napi::Object& exports);
void bindMemory(Napi::Env env, Napi::Object& exports);
void bindGraphs(Napi::Env env, Napi::Object& exports);

// The number of a CUDA device; the current one for undefined. Throws TypeError for what is no such
// number, c10::Error for a device that is not there.
c10::DeviceIndex deviceOf(const Napi::Value& value, const char* what);

// A stream that `attachStream` was called with; the current one for undefined.
c10::cuda::CUDAStream streamOf(const Napi::Value& value, const char* what);

}  // namespace adaptune::cuda
