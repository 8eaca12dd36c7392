#include "tensor.h"

#include <ATen/Functions.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

#include <cstring>

#include "errors.h"
#include "handle.h"
#include "names.h"
#include "results.h"

namespace adaptune::tensors {

namespace {

std::vector<int64_t> toSizes(const Napi::Array& array) {
  std::vector<int64_t> sizes(array.Length());
  for (uint32_t i = 0; i < sizes.size(); ++i) sizes[i] = array.Get(i).ToNumber().Int64Value();
  return sizes;
}

at::ScalarType elementDtype(Napi::Env env, napi_typedarray_type type) {
  switch (type) {
    case napi_int8_array:
      return at::kChar;
    case napi_uint8_array:
    case napi_uint8_clamped_array:
      return at::kByte;
    case napi_int16_array:
      return at::kShort;
    case napi_uint16_array:
      return at::kUInt16;
    case napi_int32_array:
      return at::kInt;
    case napi_uint32_array:
      return at::kUInt32;
    case napi_float32_array:
      return at::kFloat;
    case napi_float64_array:
      return at::kDouble;
    case napi_bigint64_array:
      return at::kLong;
    case napi_biguint64_array:
      return at::kUInt64;
    default:
      throw Napi::TypeError::New(env,
                                 "tensor: expected a typed array of numbers, given another kind");
  }
}

napi_typedarray_type arrayType(at::ScalarType dtype) {
  switch (dtype) {
    case at::kChar:
      return napi_int8_array;
    case at::kByte:
    case at::kBool:
      return napi_uint8_array;
    case at::kShort:
      return napi_int16_array;
    case at::kUInt16:
      return napi_uint16_array;
    case at::kInt:
      return napi_int32_array;
    case at::kUInt32:
      return napi_uint32_array;
    case at::kDouble:
      return napi_float64_array;
    case at::kLong:
      return napi_bigint64_array;
    case at::kUInt64:
      return napi_biguint64_array;
    default:
      return napi_float32_array;
  }
}

// Whether values may be on their way to a device while the host goes on, in pinned memory that is
// used again when they are there: not while work is recorded, which would read it at every replay.
template <typename Guard>
bool goesAhead(const at::Device& device, const Guard* guard) {
  if constexpr (requires { guard->isStreamCapturing(guard->getStream(device)); })
    return guard != nullptr && !guard->isStreamCapturing(guard->getStream(device));
  return false;
}

bool goesAhead(const at::Device& device) {
  if (!device.is_cuda() && !device.is_privateuseone()) return false;
  const auto& registry = c10::impl::device_guard_impl_registry;
  return goesAhead(device, registry[static_cast<size_t>(device.type())].load());
}

// What a typed array can hold: complex numbers as pairs, half types widened, float4's bytes, of two
// numbers each, as they are.
at::Tensor readable(const at::Tensor& tensor) {
  at::Tensor plain = tensor.detach();
  if (plain._is_zerotensor()) plain = plain.clone();  // zeros without memory, as gradients may be
  if (plain.is_complex()) plain = at::view_as_real(plain.resolve_conj());
  if (plain.is_quantized()) plain = plain.dequantize();
  const auto dtype = plain.scalar_type();
  if (dtype == at::kFloat4_e2m1fn_x2) return plain.cpu().contiguous().view(at::kByte);
  const bool isNarrow = at::isFloatingType(dtype) && dtype != at::kDouble && dtype != at::kFloat;
  if (isNarrow) plain = plain.to(at::kFloat);
  return plain.resolve_neg().cpu().to_dense().contiguous();
}

}  // namespace

Napi::Array toArray(Napi::Env env, at::IntArrayRef sizes) {
  auto array = Napi::Array::New(env, sizes.size());
  for (size_t i = 0; i < sizes.size(); ++i) {
    array.Set(static_cast<uint32_t>(i), static_cast<double>(sizes[i]));
  }
  return array;
}

Napi::Value shape(const Napi::CallbackInfo& info) {
  return toArray(info.Env(), requireTensor(info.Env(), info[0], "shape").sizes());
}

Napi::Value strides(const Napi::CallbackInfo& info) {
  return toArray(info.Env(), requireTensor(info.Env(), info[0], "strides").strides());
}

Napi::Value dtype(const Napi::CallbackInfo& info) {
  const auto& tensor = requireTensor(info.Env(), info[0], "dtype");
  return Napi::String::New(info.Env(), dtypeName(tensor.scalar_type()));
}

Napi::Value device(const Napi::CallbackInfo& info) {
  const auto& tensor = requireTensor(info.Env(), info[0], "device");
  return Napi::String::New(info.Env(), tensor.device().str());
}

Napi::Value layout(const Napi::CallbackInfo& info) {
  const auto& tensor = requireTensor(info.Env(), info[0], "layout");
  return Napi::String::New(info.Env(), layoutName(tensor.layout()));
}

Napi::Value numel(const Napi::CallbackInfo& info) {
  const auto& tensor = requireTensor(info.Env(), info[0], "numel");
  return Napi::Number::New(info.Env(), static_cast<double>(tensor.numel()));
}

Napi::Value isContiguous(const Napi::CallbackInfo& info) {
  const auto& tensor = requireTensor(info.Env(), info[0], "isContiguous");
  return Napi::Boolean::New(info.Env(), tensor.is_contiguous());
}

Napi::Value isSame(const Napi::CallbackInfo& info) {
  const auto& one = requireTensor(info.Env(), info[0], "isSame");
  const auto& other = requireTensor(info.Env(), info[1], "isSame");
  return Napi::Boolean::New(info.Env(), one.is_same(other));
}

Napi::Value fromTypedArray(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  napi_typedarray_type type = napi_int8_array;
  size_t length = 0;
  void* data = nullptr;
  check(env, napi_get_typedarray_info(env, info[0], &type, &length, &data, nullptr, nullptr));
  const auto sizes = toSizes(info[1].As<Napi::Array>());
  const std::string dtypeText = info[2].ToString();
  const std::string deviceText = info[3].ToString();
  const auto dtype = parseDtype(dtypeText);
  if (!dtype) {
    throw Napi::TypeError::New(env,
                               "tensor: option 'dtype': expected a dtype (\"float32\", \"int64\", "
                               "\"bool\", ...), given \"" +
                                   dtypeText + "\"");
  }
  const auto device = parseDevice(deviceText);
  if (!device) {
    throw Napi::TypeError::New(env,
                               "tensor: option 'device': expected a device (\"cpu\", \"cuda:0\"), "
                               "given \"" +
                                   deviceText + "\"");
  }
  // uint8 arrays stand for booleans too; converting 2 to bool would be 1, copying its byte would
  // not.
  const at::ScalarType element = elementDtype(env, type);
  const bool ahead = goesAhead(*device);
  at::Tensor tensor = at::empty(sizes, at::TensorOptions().dtype(element).pinned_memory(ahead));
  TORCH_CHECK(tensor.numel() == static_cast<int64_t>(length), "expected ", tensor.numel(),
              " elements for shape ", at::IntArrayRef(sizes), ", given ", length);
  if (length > 0) std::memcpy(tensor.mutable_data_ptr(), data, tensor.nbytes());
  tensor = tensor.to(*device, element, /*non_blocking=*/ahead);
  const bool isBits = *dtype == at::kFloat4_e2m1fn_x2 && element == at::kByte;
  tensor = isBits ? tensor.view(*dtype) : tensor.to(*dtype);
  if (info[4].ToBoolean()) tensor.set_requires_grad(true);
  return Napi::Value(env, toHandle(env, tensor));
}

Napi::Value toTypedArray(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const at::Tensor plain = readable(requireTensor(env, info[0], "toTypedArray"));
  const auto length = static_cast<size_t>(plain.numel());
  auto buffer = Napi::ArrayBuffer::New(env, plain.nbytes());
  if (length > 0) std::memcpy(buffer.Data(), plain.const_data_ptr(), plain.nbytes());
  napi_value array = nullptr;
  check(env,
        napi_create_typedarray(env, arrayType(plain.scalar_type()), length, buffer, 0, &array));
  return Napi::Value(env, array);
}

Napi::Value item(const Napi::CallbackInfo& info) {
  const auto& tensor = requireTensor(info.Env(), info[0], "item");
  TORCH_CHECK(tensor.numel() == 1, "expected a tensor of one element, given ",
              describe(info.Env(), info[0]), "; toArray() reads more");
  return Napi::Value(info.Env(), toJavaScript(info.Env(), tensor.item()));
}

}  // namespace adaptune::tensors
