// What the addon keeps for each JavaScript environment (the main thread, each worker).
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace adaptune {

struct Operator;
struct TensorHandle;

// Handles are linked into the list of the scope that they were made in, so that leaving a scope
// frees them without JavaScript holding a reference to any of them.
struct HandleList {
  TensorHandle* first = nullptr;
};

class Environment : public std::enable_shared_from_this<Environment> {
 public:
  explicit Environment(napi_env env);
  ~Environment();

  static void attach(Napi::Env env);
  static Environment& of(napi_env env);

  HandleList& currentScope() { return scopes_.back(); }
  HandleList& root() { return scopes_.front(); }
  std::vector<HandleList>& scopes() { return scopes_; }

  // Tells V8 of tensor memory in coarse steps: one report an operation slows a loop about 40 times.
  void accountExternalMemory(int64_t bytes);

  bool alive = true;
  int64_t liveTensors = 0;
  napi_ref errorClass = nullptr;
  std::vector<std::unique_ptr<Operator>> operators;  // those called so far, by their number

 private:
  napi_env env_;
  std::vector<HandleList> scopes_;  // scopes_[0] holds what was made outside any scope
  int64_t unreportedBytes_ = 0;
};

}  // namespace adaptune
