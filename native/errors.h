// Errors at the boundary: nothing thrown in C++ may leave it, and each error says what was called.
#pragma once

#include <napi.h>

#include <string>

namespace adaptune {

struct TensorHandle;

// A short description of a JavaScript value for error texts: `"abc"`, `Tensor float32 [2, 3] cpu`.
std::string describe(napi_env env, napi_value value);
std::string describeTensor(const TensorHandle& handle);

// Throws the pending or last Node-API error when `status` is not napi_ok.
void check(napi_env env, napi_status status);

void clearPendingException(napi_env env);

// A TorchError: the JavaScript class that src/torch registered, with `what` as its message.
Napi::Error torchError(Napi::Env env, const std::string& what);

// LibTorch's message without its C++ stack and without the advice meant for Python users.
std::string conciseMessage(const std::exception& error);

// Runs `body`, turning LibTorch's and the standard library's exceptions into TorchErrors that
// start with `what`.
template <typename Body>
auto guarded(Napi::Env env, const char* what, Body&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::exception& error) {
    throw torchError(env, std::string(what) + ": " + conciseMessage(error));
  } catch (...) {
    throw torchError(env, std::string(what) + ": unknown C++ exception");
  }
}

// Wraps a binding so that it is guarded under `name`.
template <Napi::Value (*function)(const Napi::CallbackInfo&)>
Napi::Function bind(Napi::Env env, const char* name) {
  return Napi::Function::New(
      env,
      [name](const Napi::CallbackInfo& info) -> Napi::Value {
        return guarded(info.Env(), name, [&] { return function(info); });
      },
      name);
}

}  // namespace adaptune
