// What the addon keeps for each JavaScript environment (the main thread, each worker).
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "collect.h"
#include "handle.h"

namespace adaptune {

struct Operator;

class Environment : public std::enable_shared_from_this<Environment> {
 public:
  explicit Environment(napi_env env);
  ~Environment();

  static void attach(Napi::Env env);
  static Environment& of(napi_env env);
  // The one whose JavaScript this thread runs; nullptr where there is none.
  static Environment* ofThread();

  HandleList& currentScope() { return scopes_.back(); }
  HandleList& root() { return scopes_.front(); }
  std::vector<HandleList>& scopes() { return scopes_; }

  // Tells V8 of tensor memory in coarse steps: one report an operation slows a loop about 40 times.
  void accountExternalMemory(int64_t bytes);

  // Calls JavaScript when many tensors were made outside of any scope, or returned from the
  // outermost, since the last call of startTurn, at most once a turn of the event loop.
  void watchUnscoped() {
    if (scopes_.size() == 1 && root().count >= unscopedLimit_) tellUnscoped();
  }
  void startTurn();

  // References may be dropped on any thread, JavaScript's values only on its own.
  void dropReference(napi_ref reference);
  void deleteDropped();

  bool onOwnThread() const { return thread_ == std::this_thread::get_id(); }
  napi_env env() const { return env_; }

  bool alive = true;
  HandleTable handles;
  napi_ref errorClass = nullptr;
  napi_ref tensorClass = nullptr;
  napi_ref handleKey = nullptr;     // the symbol under which a Tensor keeps its number
  napi_ref manyUnscoped = nullptr;  // called with the count
  napi_ref collectGarbage = nullptr;
  Collector collector{*this};
  std::vector<std::unique_ptr<Operator>> operators;  // those called so far, by their number

 private:
  void tellUnscoped();

  napi_env env_;
  std::thread::id thread_ = std::this_thread::get_id();
  std::vector<HandleList> scopes_;  // scopes_[0] holds what was made outside any scope
  int64_t unreportedBytes_ = 0;
  size_t unscopedLimit_;
  size_t unscopedAtStart_ = 0;
  bool turnWatched_ = false;
  std::mutex droppedLock_;
  std::vector<napi_ref> dropped_;
};

}  // namespace adaptune
