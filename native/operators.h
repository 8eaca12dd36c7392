// Every operator that the dispatcher knows, called through its schema.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <napi.h>

#include <string>
#include <utility>
#include <vector>

#include "arguments.h"
#include "guards.h"

namespace adaptune {

// One schema of an operator: aten::add.Tensor.
struct Overload {
  c10::OperatorHandle handle;
  std::vector<ArgumentSpec> arguments;
  bool variadic = false;       // view(2, 3) for view([2, 3]): the list is all that is given
  bool factory = false;        // makes a tensor of a dtype on a device, and so takes requiresGrad
  std::vector<int> aliases;    // for each result the argument that it is, written to; -1 for none
  bool resizes = false;        // what it writes to
  Guard guard = nullptr;       // what looks at the arguments first
  bool trustsLayouts = false;  // takes those of tensors unseen
  const char* instead = nullptr;  // what to call, where this one is refused

  explicit Overload(const c10::OperatorHandle& operatorHandle);
  // Why JavaScript cannot call it: an argument of a type that it cannot give (a stream, a storage),
  // or a result that it cannot take. Empty when it can.
  std::string obstacle() const;
  // Whether results go into tensors given as keywords: add.out.
  bool writesOut() const;
  std::string signature() const;
};

// All overloads of a name, in the order in which they are tried.
struct Operator {
  std::string name;  // without the namespace: "add"
  std::vector<Overload> overloads;
  // Calls' keys and the overloads that they were found to mean: fast_call.cc.
  std::vector<std::pair<uint64_t, const Overload*>> remembered;
};

// Namespace-qualified name, overload or null for all -> the operator; no overloads when unknown.
Operator findOperator(const std::string& qualifiedName, const std::optional<std::string>& overload);

namespace operators {
// (name: string, overload?: string) -> number of the operator; throws TypeError when unknown.
Napi::Value resolve(const Napi::CallbackInfo& info);
// (number, mask, ...arguments) -> result. Bit n of the mask: argument n is the number of a handle.
// A plain object at the end gives keyword arguments. One tensor comes back as the number of its
// handle, the argument n itself as -(n + 1), a number as { plain }.
napi_value call(napi_env env, napi_callback_info info);
// () -> schemas of all operators, for the generator of types.
Napi::Value schemas(const Napi::CallbackInfo& info);
// () -> { schema, because }[] of the overloads that JavaScript cannot call.
Napi::Value uncovered(const Napi::CallbackInfo& info);
}  // namespace operators

}  // namespace adaptune
