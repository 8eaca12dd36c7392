// Every operator that the dispatcher knows, called through its schema.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <napi.h>

#include <string>
#include <vector>

#include "arguments.h"

namespace adaptune {

// One schema of an operator: aten::add.Tensor.
struct Overload {
  c10::OperatorHandle handle;
  std::vector<ArgumentSpec> arguments;
  bool variadic = false;  // view(2, 3) for view([2, 3]): the list is all that is given
  bool factory = false;   // makes a tensor of a dtype on a device, and so takes requiresGrad

  explicit Overload(const c10::OperatorHandle& operatorHandle);
  // False when an argument has a type that JavaScript cannot give (a stream, a named dimension).
  bool supported() const;
  // Whether results go into tensors given as keywords: add.out.
  bool writesOut() const;
  std::string signature() const;
};

// All overloads of a name, in the order in which they are tried.
struct Operator {
  std::string name;  // without the namespace: "add"
  std::vector<Overload> overloads;
};

// Namespace-qualified name, overload or null for all -> the operator; no overloads when unknown.
Operator findOperator(const std::string& qualifiedName, const std::optional<std::string>& overload);

namespace operators {
// (name: string, overload?: string) -> number of the operator; throws TypeError when unknown.
Napi::Value resolve(const Napi::CallbackInfo& info);
// (number, ...arguments) -> result. A plain object at the end gives keyword arguments.
Napi::Value call(const Napi::CallbackInfo& info);
// () -> schemas of all operators, for the generator of types.
Napi::Value schemas(const Napi::CallbackInfo& info);
}  // namespace operators

}  // namespace adaptune
