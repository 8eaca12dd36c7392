// An operator's declared arguments, and JavaScript values converted to what they declare.
#pragma once

#include <ATen/core/function_schema.h>
#include <ATen/core/ivalue.h>

#include <optional>
#include <string>

#include "value.h"

namespace adaptune {

enum class Kind {
  Tensor,
  TensorList,
  OptionalTensorList,
  Int,
  IntList,
  Float,
  FloatList,
  Bool,
  BoolList,
  Scalar,
  ScalarList,
  String,
  StringList,
  Dtype,
  Layout,
  MemoryFormat,
  Device,
  Generator,
  Unsupported,
};

// One argument of a schema, read once per overload.
struct ArgumentSpec {
  std::string name;       // as PyTorch writes it: keepdim, attn_mask
  std::string camelName;  // as JavaScript writes it: keepdim, attnMask
  std::string type;       // the schema's text: "SymInt[1]?"
  Kind kind = Kind::Unsupported;
  bool optional = false;
  bool keywordOnly = false;
  bool written = false;        // an in-place or out argument
  bool acceptsSingle = false;  // int[1]: one number stands for the list
  bool isReduction = false;    // int reduction: also "none", "mean" and "sum"
  bool acceptsNumber = false;  // a tensor that a number may stand for: sub(1, x)
  size_t length = 0;           // int[2]: of the list; 0 for any
  std::optional<c10::IValue> defaultValue;

  explicit ArgumentSpec(const c10::Argument& argument);

  // Whether `value` is of the declared type; says nothing of ranges and shapes.
  bool accepts(const Value& value) const;
  // The value for the operator's stack. Requires accepts(); throws TypeError for what only a closer
  // look finds: an unknown dtype, a disposed tensor.
  c10::IValue convert(const Value& value) const;
  // A list of the declared length, which kernels read unseen: one number stands for all. Throws
  // TypeError for any other.
  c10::List<int64_t> fitted(c10::List<int64_t> list, const Value& given) const;
  // For error texts: "a Tensor", "an integer or null".
  std::string expectation() const;
  // "argument 'dim': expected an integer, given 1.5"
  std::string refusal(const Value& value) const;
};

std::string camelCase(const std::string& snake);

}  // namespace adaptune
