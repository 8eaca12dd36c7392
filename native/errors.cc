#include "errors.h"

#include <ATen/Context.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <sstream>

#include "environment.h"
#include "handle.h"
#include "names.h"
#include "random.h"

namespace adaptune {

namespace {

std::string describeArray(napi_env env, napi_value value) {
  uint32_t length = 0;
  napi_get_array_length(env, value, &length);
  if (length == 0) return "[]";
  napi_value first = nullptr;
  napi_get_element(env, value, 0, &first);
  bool nested = false;
  napi_is_array(env, first, &nested);
  const std::string element = nested ? "array" : describe(env, first);
  return "array of " + std::to_string(length) + " [" + element + (length > 1 ? ", ...]" : "]");
}

void cutAt(std::string& text, const char* mark) {
  const auto found = text.find(mark);
  if (found != std::string::npos) text.resize(found);
}

void replace(std::string& text, std::string_view from, std::string_view to) {
  const auto found = text.find(from);
  if (found != std::string::npos) text.replace(found, from.size(), to);
}

}  // namespace

std::string describeTensor(const TensorHandle& handle) {
  if (handle.disposed()) return "a disposed Tensor";
  std::ostringstream out;
  out << "Tensor(" << dtypeName(handle.tensor.scalar_type()) << " [";
  const int64_t dims = handle.tensor.dim(), shown = std::min<int64_t>(dims, 64);
  for (int64_t i = 0; i < shown; ++i) out << (i ? ", " : "") << handle.tensor.size(i);
  if (shown < dims) out << ", ... " << dims << " dimensions";
  out << "] " << handle.tensor.device().str() << ")";
  return out.str();
}

std::string describe(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  const Napi::Value wrapped(env, value);
  switch (type) {
    case napi_undefined:
      return "undefined";
    case napi_null:
      return "null";
    case napi_boolean:
    case napi_number:
      return wrapped.ToString();
    case napi_bigint:
      return wrapped.ToString().Utf8Value() + "n";
    case napi_string: {
      std::string text = wrapped.As<Napi::String>();
      if (text.size() > 60) text = text.substr(0, 57) + "...";
      return "\"" + text + "\"";
    }
    case napi_symbol:
      return "a symbol";
    case napi_function:
      return "a function";
    default:
      break;
  }
  if (TensorHandle* handle = handleOf(env, value)) return describeTensor(*handle);
  bool isArray = false;
  napi_is_array(env, value, &isArray);
  if (isArray) return describeArray(env, value);
  bool isTyped = false;
  napi_is_typedarray(env, value, &isTyped);
  if (isTyped) return "a typed array";
  bool isPromise = false;
  napi_is_promise(env, value, &isPromise);
  if (isPromise) return "a Promise";
  if (random::generatorOf(env, value) != nullptr) return "a torch.Generator";
  return type == napi_external ? "a foreign external" : "an object";
}

void check(napi_env env, napi_status status) {
  if (status != napi_ok) throw Napi::Error::New(env);
}

void clearPendingException(napi_env env) {
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  napi_value ignored = nullptr;
  if (pending) napi_get_and_clear_last_exception(env, &ignored);
}

Napi::Error torchError(Napi::Env env, const std::string& what) {
  napi_value constructor = nullptr;
  napi_get_reference_value(env, Environment::of(env).errorClass, &constructor);
  if (constructor == nullptr) return Napi::Error::New(env, what);
  const auto error = Napi::Function(env, constructor).New({Napi::String::New(env, what)});
  return Napi::Error(env, error);
}

std::string conciseMessage(const std::exception& error) {
  // what() of LibTorch's errors looks up the symbols of a backtrace: milliseconds.
  const auto* torch = dynamic_cast<const c10::Error*>(&error);
  std::string text = torch != nullptr ? torch->what_without_backtrace() : error.what();
  cutAt(text, "\nException raised from");
  const bool noCuda = text.find("'CUDA' backend") != std::string::npos && !at::hasCUDA();
  cutAt(text, " This could be because");
  if (noCuda) text += " This LibTorch has no CUDA, or no device for it: npx adaptune doctor.";
  const bool isFull = dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
                      text.find("can't allocate memory") != std::string::npos;
  if (isFull)
    text +=
        "\ntorch.memory.report() tells which tensors are alive; torch.scope and dispose() free "
        "them.";
  if (text.rfind("[enforce fail at", 0) == 0) text.erase(0, text.find(". ") + 2);
  // Advice is in Python's words.
  replace(text, "allow_unused=True", "allowUnused: true");
  replace(text, "retain_graph=True", "retainGraph: true");
  replace(text, "create_graph=True", "createGraph: true");
  replace(text, "torch.autograd.set_detect_anomaly(True, check_nan=False)",
          "torch.autograd.detectAnomaly(fn, { checkNan: false })");
  replace(text, "torch.use_deterministic_algorithms(True, warn_only=True)",
          "torch.useDeterministicAlgorithms(true, { warnOnly: true })");
  replace(text, "torch.use_deterministic_algorithms(True)",
          "torch.useDeterministicAlgorithms(true)");
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace adaptune
