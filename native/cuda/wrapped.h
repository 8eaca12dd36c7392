// JavaScript objects that own a C++ value.
#pragma once

#include <napi.h>

#include <memory>
#include <string>

#include "errors.h"

namespace adaptune::cuda {

// Which kind an object is; no foreign object is taken for one.
template <typename T>
struct Kind;  // static constexpr napi_type_tag tag; static constexpr const char* name

template <typename T>
void wrap(const Napi::Value& object, std::unique_ptr<T> value) {
  const Napi::Env env = object.Env();
  const auto destroy = [](napi_env, void* owned, void*) { delete static_cast<T*>(owned); };
  check(env, napi_type_tag_object(env, object, &Kind<T>::tag));
  check(env, napi_wrap(env, object, value.get(), destroy, nullptr, nullptr));
  value.release();
}

// Throws TypeError for any other value.
template <typename T>
T& unwrap(const Napi::Value& object, const char* what) {
  const Napi::Env env = object.Env();
  bool isOurs = false;
  void* value = nullptr;
  if (object.IsObject()) napi_check_object_type_tag(env, object, &Kind<T>::tag, &isOurs);
  if (isOurs) napi_unwrap(env, object, &value);
  if (value != nullptr) return *static_cast<T*>(value);
  throw Napi::TypeError::New(env, std::string(what) + ": expected a " + Kind<T>::name + ", given " +
                                      describe(env, object));
}

}  // namespace adaptune::cuda
