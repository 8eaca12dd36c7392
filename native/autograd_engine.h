// LibTorch's autograd engine, told of JavaScript: where operators were called, and what is to
// happen to what they save.
#pragma once

#include <napi.h>

#include <string>

namespace adaptune::autograd {

// Makes the engine of this process ours; once is enough.
void installEngine();

// What anomaly detection found in the last backward pass of this thread, for the end of an error's
// message; empty when nothing. Forgets it.
std::string takeAnomaly();

// (checkNan, folder, function) -> the function's result, with anomaly detection for all backward
// passes in the process. Frames of JavaScript's stack that lie in the folder are not told.
Napi::Value detectAnomaly(const Napi::CallbackInfo& info);
Napi::Value isAnomalyEnabled(const Napi::CallbackInfo& info);  // () -> boolean
Napi::Value currentGraphTask(const Napi::CallbackInfo& info);  // () -> number; -1 outside

}  // namespace adaptune::autograd
