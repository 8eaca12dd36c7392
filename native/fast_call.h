// Calls whose overload is known from the kinds of the values alone.
#pragma once

#include "operators.h"

namespace adaptune {

// The result as operators::call gives it; nullptr, without any effect, where only the general way
// will do: keywords, lists of other things than integers, values not seen before that do not fit.
napi_value callFast(napi_env env, Operator& op, napi_value* values, size_t count, uint32_t handles);

}  // namespace adaptune
