#include "autocast.h"

#include <ATen/autocast_mode.h>

#include "errors.h"
#include "names.h"

namespace adaptune::autocast {

namespace {

at::DeviceType deviceOf(const Napi::Value& name) {
  const auto device = parseDevice(name.ToString().Utf8Value());
  if (device && (device->is_cpu() || device->is_cuda())) return device->type();
  throw Napi::TypeError::New(name.Env(),
                             "torch.autocast: expected the device \"cpu\" or \"cuda\", given " +
                                 describe(name.Env(), name));
}

// Casts of weights are kept until the outermost one ends.
class Autocast {
 public:
  Autocast(at::DeviceType device, bool enabled, at::ScalarType dtype, bool cacheEnabled)
      : device_(device),
        enabled_(at::autocast::is_autocast_enabled(device)),
        dtype_(at::autocast::get_autocast_dtype(device)),
        cacheEnabled_(at::autocast::is_autocast_cache_enabled()) {
    at::autocast::set_autocast_enabled(device, enabled);
    at::autocast::set_autocast_dtype(device, dtype);
    at::autocast::set_autocast_cache_enabled(cacheEnabled);
    at::autocast::increment_nesting();
  }

  ~Autocast() {
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(device_, enabled_);
    at::autocast::set_autocast_dtype(device_, dtype_);
    at::autocast::set_autocast_cache_enabled(cacheEnabled_);
  }

  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  at::DeviceType device_;
  bool enabled_;
  at::ScalarType dtype_;
  bool cacheEnabled_;
};

}  // namespace

Napi::Value withAutocast(const Napi::CallbackInfo& info) {
  const auto dtype = parseDtype(info[2].ToString().Utf8Value());
  TORCH_CHECK(dtype, "unknown dtype");
  const Autocast mode(deviceOf(info[0]), info[1].ToBoolean(), *dtype, info[3].ToBoolean());
  return info[4].As<Napi::Function>().Call({});
}

Napi::Value isEnabled(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), at::autocast::is_autocast_enabled(deviceOf(info[0])));
}

Napi::Value dtype(const Napi::CallbackInfo& info) {
  const auto dtype = at::autocast::get_autocast_dtype(deviceOf(info[0]));
  return Napi::String::New(info.Env(), dtypeName(dtype));
}

Napi::Value isCacheEnabled(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), at::autocast::is_autocast_cache_enabled());
}

}  // namespace adaptune::autocast
