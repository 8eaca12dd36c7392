#include "bindings.h"

namespace adaptune::cuda {

Napi::Object bindings(Napi::Env env) {
  auto exports = Napi::Object::New(env);
  bindDevices(env, exports);
  bindStreams(env, exports);
  bindEvents(env, exports);
  bindMemory(env, exports);
  bindGraphs(env, exports);
  return exports;
}

}  // namespace adaptune::cuda
