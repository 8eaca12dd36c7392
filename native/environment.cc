#include "environment.h"

#include <cstdlib>

namespace adaptune {

namespace {
constexpr int64_t kReportStep = int64_t{32} << 20;  // bytes
using Shared = std::shared_ptr<Environment>;
}  // namespace

void Environment::attach(Napi::Env env) {
  auto* shared = new Shared(std::make_shared<Environment>(env));
  env.SetInstanceData<Shared, [](Napi::Env, Shared* data) {
    (*data)->alive = false;
    delete data;
  }>(shared);
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

}  // namespace adaptune
