// Freeing tensors that nothing in JavaScript refers to any more, before the event loop turns.
//
// The garbage collector tells of dead objects in a later turn only. Tensors that are watched here
// are held by weak references of Node-API's, which can be asked as soon as it has run.
#pragma once

#include <napi.h>

#include <cstddef>
#include <vector>

namespace adaptune {

class Environment;

class Collector {
 public:
  explicit Collector(Environment& environment) : environment_(environment) {}

  void watch(napi_env env, napi_value tensor);

  // Runs the garbage collector and frees the watched tensors that are dead: how many.
  size_t collect();

  // The memory of tensors that were watched since it last ran: what it may free.
  size_t uncollected() const { return uncollected_; }

 private:
  struct Watched {
    napi_ref object;
    double number;
  };

  // Frees dead tensors and forgets them, and those that were disposed: how many were freed.
  size_t sweep();

  Environment& environment_;
  std::vector<Watched> watched_;
  size_t uncollected_ = 0;
  size_t sweepAt_ = 1024;
  bool isCollecting_ = false;
};

// Of this thread's environment; 0 on a thread that has none.
size_t bytesToCollect();
size_t collectDeadTensors();

namespace collecting {
// (tensor, any device?) -> undefined: watches a tensor on CUDA, or any.
Napi::Value watch(const Napi::CallbackInfo& info);
Napi::Value collect(const Napi::CallbackInfo& info);  // () -> number of tensors freed
}  // namespace collecting

}  // namespace adaptune
