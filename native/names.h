// The strings by which JavaScript names dtypes, devices, layouts and memory formats.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/Layout.h>
#include <c10/core/MemoryFormat.h>
#include <c10/core/ScalarType.h>

#include <optional>
#include <string>
#include <string_view>

namespace adaptune {

// "float32", "int64", "bool", ...; empty when unknown.
std::optional<at::ScalarType> parseDtype(std::string_view name);
std::string dtypeName(at::ScalarType dtype);

// "cpu", "cuda", "cuda:1", "meta"; empty when it names no device.
std::optional<at::Device> parseDevice(const std::string& name);

std::optional<at::Layout> parseLayout(std::string_view name);
std::string layoutName(at::Layout layout);

std::optional<at::MemoryFormat> parseMemoryFormat(std::string_view name);
std::string memoryFormatName(at::MemoryFormat format);

}  // namespace adaptune
