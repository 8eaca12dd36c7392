#include "environment.h"

#include <cstdlib>

#include "operators.h"

namespace adaptune {

namespace {
constexpr int64_t kReportStep = int64_t{32} << 20;  // bytes
using Shared = std::shared_ptr<Environment>;

// Handles that are finalized later keep the data, not the JavaScript environment.
void detach(Napi::Env, Shared* data) {
  (*data)->alive = false;
  delete data;
}
}  // namespace

Environment::Environment(napi_env env) : env_(env), scopes_(1) {}
Environment::~Environment() = default;

void Environment::attach(Napi::Env env) {
  env.SetInstanceData<Shared, detach>(new Shared(std::make_shared<Environment>(env)));
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
