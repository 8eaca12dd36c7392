// Headers that nearly every translation unit needs; compiled once.
#pragma once

#include <ATen/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <c10/util/Exception.h>
#include <napi.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>
