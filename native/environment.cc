#include "environment.h"

#include <cstdlib>

#include "errors.h"
#include "operators.h"

namespace adaptune {

namespace {
constexpr int64_t kReportStep = int64_t{32} << 20;  // bytes
// Unscoped tensors after which JavaScript is asked to say when the turn ends, and to warn.
constexpr size_t kWatchStep = 2'000;
constexpr size_t kManyUnscoped = 20'000;
using Shared = std::shared_ptr<Environment>;

thread_local Environment* ofThisThread = nullptr;

// Callbacks that are dropped later keep the data, not the JavaScript environment.
void detach(Napi::Env, Shared* data) {
  (*data)->alive = false;
  if (ofThisThread == data->get()) ofThisThread = nullptr;
  delete data;
}
}  // namespace

Environment::Environment(napi_env env) : env_(env), scopes_(1), unscopedLimit_(kWatchStep) {}
Environment::~Environment() = default;

void Environment::attach(Napi::Env env) {
  auto environment = std::make_shared<Environment>(env);
  ofThisThread = environment.get();
  env.SetInstanceData<Shared, detach>(new Shared(std::move(environment)));
}

Environment* Environment::ofThread() {
  return ofThisThread;
}

Environment& Environment::of(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return **static_cast<Shared*>(data);
}

void Environment::accountExternalMemory(int64_t bytes) {
  unreportedBytes_ += bytes;
  if (!alive || std::llabs(unreportedBytes_) < kReportStep) return;
  int64_t total = 0;
  napi_adjust_external_memory(env_, unreportedBytes_, &total);
  unreportedBytes_ = 0;
}

// Two steps: at the first, JavaScript arranges for startTurn when this turn ends; at the second the
// turn has not ended and it warns.
void Environment::tellUnscoped() {
  const size_t made = root().count - std::min(root().count, unscopedAtStart_);
  const bool isMany = turnWatched_ && made >= kManyUnscoped;
  unscopedLimit_ = isMany ? SIZE_MAX : unscopedAtStart_ + kManyUnscoped;
  if (turnWatched_ && !isMany) return;
  turnWatched_ = true;
  napi_value callback = nullptr;
  if (manyUnscoped != nullptr) napi_get_reference_value(env_, manyUnscoped, &callback);
  if (callback == nullptr) return;
  const auto count = Napi::Number::New(env_, isMany ? static_cast<double>(made) : 0);
  Napi::Function(env_, callback).Call({count});
}

void Environment::startTurn() {
  turnWatched_ = false;
  unscopedAtStart_ = root().count;
  unscopedLimit_ = unscopedAtStart_ + kWatchStep;
}

void Environment::dropReference(napi_ref reference) {
  const std::lock_guard<std::mutex> lock(droppedLock_);
  if (alive) dropped_.push_back(reference);
}

void Environment::deleteDropped() {
  std::vector<napi_ref> dropped;
  {
    const std::lock_guard<std::mutex> lock(droppedLock_);
    dropped.swap(dropped_);
  }
  for (napi_ref reference : dropped) napi_delete_reference(env_, reference);
}

}  // namespace adaptune
