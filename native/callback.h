// JavaScript that LibTorch calls back: hooks, backward passes of functions, recomputations.
#pragma once

#include <ATen/core/Tensor.h>
#include <napi.h>

#include <atomic>
#include <memory>
#include <vector>

namespace adaptune {

class Environment;

// A JavaScript object or function that native code keeps alive. It may be dropped on any thread,
// and after its environment has ended.
class Reference {
 public:
  Reference(napi_env env, napi_value value);
  ~Reference();
  Reference(const Reference&) = delete;
  Reference& operator=(const Reference&) = delete;

  // Throws c10::Error that names `what` on another thread than the environment's.
  Napi::Value value(const char* what) const;

 private:
  std::weak_ptr<Environment> environment_;
  napi_ref reference_ = nullptr;
};

// What a callback gave: the tensors it gave by callbacks::give, and its own result.
struct Answer {
  std::vector<at::Tensor> tensors;
  Napi::Value returned;
};

// A function of JavaScript's, of the form that src/torch/callbacks.ts makes: it takes its tensors
// by callbacks::receive inside of a scope of its own, so that none of them outlives the call.
class Callback {
 public:
  // `what` names the callback in errors: "registerHook".
  Callback(napi_env env, napi_value function, const char* what);
  ~Callback();
  Callback(const Callback&) = delete;
  Callback& operator=(const Callback&) = delete;

  // Requires an open handle scope. An error thrown by the function passes through LibTorch as it
  // is. Throws c10::Error when this is not the thread of its environment.
  Answer call(std::vector<at::Tensor> tensors, napi_value argument = nullptr) const;

  // It is called no more, and what it holds is free.
  void remove() { reference_.reset(); }
  bool removed() const { return reference_ == nullptr; }
  const char* what() const { return what_; }
  // Throws c10::Error as call does.
  napi_env env() const;

  // Whether any environment has one. Backward passes then stay on the thread that asked for them.
  static bool anyAlive() { return alive_ > 0; }

 private:
  static std::atomic<size_t> alive_;
  std::unique_ptr<Reference> reference_;
  const char* what_;
};

namespace callbacks {
// () -> handles (or null) of the tensors that the running callback is called with.
Napi::Value receive(const Napi::CallbackInfo& info);
// ((Tensor or nothing)[]) -> undefined: the tensors that the running callback answers with.
Napi::Value give(const Napi::CallbackInfo& info);
}  // namespace callbacks

}  // namespace adaptune
