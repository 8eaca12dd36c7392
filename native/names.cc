#include "names.h"

#include <array>
#include <sstream>
#include <utility>

namespace adaptune {

namespace {

template <typename Value, size_t size>
using Table = std::array<std::pair<std::string_view, Value>, size>;

constexpr auto kDtypes = std::to_array<std::pair<std::string_view, at::ScalarType>>({
    {"float32", at::kFloat},
    {"float64", at::kDouble},
    {"float16", at::kHalf},
    {"bfloat16", at::kBFloat16},
    {"int64", at::kLong},
    {"int32", at::kInt},
    {"int16", at::kShort},
    {"int8", at::kChar},
    {"uint8", at::kByte},
    {"uint16", at::kUInt16},
    {"uint32", at::kUInt32},
    {"uint64", at::kUInt64},
    {"bool", at::kBool},
    {"complex64", at::kComplexFloat},
    {"complex128", at::kComplexDouble},
    {"complex32", at::kComplexHalf},
    {"float8_e4m3fn", at::kFloat8_e4m3fn},
    {"float8_e5m2", at::kFloat8_e5m2},
    {"float8_e4m3fnuz", at::kFloat8_e4m3fnuz},
    {"float8_e5m2fnuz", at::kFloat8_e5m2fnuz},
    {"float8_e8m0fnu", at::kFloat8_e8m0fnu},
    {"float4_e2m1fn_x2", at::kFloat4_e2m1fn_x2},
    {"qint8", at::kQInt8},
    {"quint8", at::kQUInt8},
    {"qint32", at::kQInt32},
});

constexpr auto kLayouts = std::to_array<std::pair<std::string_view, at::Layout>>({
    {"strided", at::kStrided},
    {"sparse_coo", at::kSparse},
    {"sparse_csr", at::kSparseCsr},
    {"sparse_csc", at::kSparseCsc},
    {"sparse_bsr", at::kSparseBsr},
    {"sparse_bsc", at::kSparseBsc},
    {"mkldnn", at::kMkldnn},
});

constexpr auto kMemoryFormats = std::to_array<std::pair<std::string_view, at::MemoryFormat>>({
    {"contiguous_format", at::MemoryFormat::Contiguous},
    {"preserve_format", at::MemoryFormat::Preserve},
    {"channels_last", at::MemoryFormat::ChannelsLast},
    {"channels_last_3d", at::MemoryFormat::ChannelsLast3d},
});

template <typename Value, size_t size>
std::optional<Value> find(const Table<Value, size>& table, std::string_view name) {
  for (const auto& [known, value] : table) {
    if (known == name) return value;
  }
  return std::nullopt;
}

template <typename Value, size_t size>
std::string nameOf(const Table<Value, size>& table, Value value) {
  for (const auto& [known, candidate] : table) {
    if (candidate == value) return std::string(known);
  }
  std::ostringstream out;
  out << value;
  return out.str();
}

}  // namespace

std::optional<at::ScalarType> parseDtype(std::string_view name) {
  return find(kDtypes, name);
}
std::string dtypeName(at::ScalarType dtype) {
  return nameOf(kDtypes, dtype);
}

std::optional<at::Device> parseDevice(const std::string& name) {
  try {
    return at::Device(name);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::optional<at::Layout> parseLayout(std::string_view name) {
  return find(kLayouts, name);
}
std::string layoutName(at::Layout layout) {
  return nameOf(kLayouts, layout);
}

std::optional<at::MemoryFormat> parseMemoryFormat(std::string_view name) {
  return find(kMemoryFormats, name);
}
std::string memoryFormatName(at::MemoryFormat format) {
  return nameOf(kMemoryFormats, format);
}

}  // namespace adaptune
