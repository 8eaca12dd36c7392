#include "recording.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/library.h>

#include "errors.h"
#include "results.h"

namespace adaptune::recording {

namespace {

struct Call {
  c10::OperatorHandle op;
  torch::jit::Stack arguments;
};

thread_local std::optional<Call> recorded;

struct Recorded : std::exception {
  const char* what() const noexcept override { return "recorded instead of run"; }
};

// Stands before every kernel while the mode's key is set on the thread.
void record(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  if (!recorded)
    recorded = Call{op, torch::jit::last(*stack, op.schema().arguments().size()).vec()};
  throw Recorded();
}

Napi::Value describe(Napi::Env env, const Call& call) {
  const auto& schema = call.op.schema();
  auto arguments = Napi::Array::New(env, call.arguments.size());
  for (uint32_t i = 0; i < call.arguments.size(); ++i) {
    auto pair = Napi::Array::New(env, 2);
    pair.Set(0u, schema.arguments()[i].name());
    pair.Set(1u, toJavaScript(env, call.arguments[i], *schema.arguments()[i].real_type()));
    arguments.Set(i, pair);
  }
  auto result = Napi::Object::New(env);
  result.Set("name", schema.name());
  result.Set("overload", schema.overload_name());
  result.Set("arguments", arguments);
  return result;
}

}  // namespace

Napi::Value explain(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  recorded.reset();
  try {
    const c10::impl::IncludeDispatchKeyGuard mode(c10::DispatchKey::TESTING_ONLY_GenericMode);
    info[0].As<Napi::Function>().Call({});
  } catch (const Napi::Error&) {
    if (!recorded) throw;
  }
  const std::optional<Call> call = std::exchange(recorded, std::nullopt);
  return call ? describe(env, *call) : env.Null();
}

}  // namespace adaptune::recording

TORCH_LIBRARY_IMPL(_, TESTING_ONLY_GenericMode, library) {
  library.fallback(torch::CppFunction::makeFromBoxedFunction<&adaptune::recording::record>());
}
