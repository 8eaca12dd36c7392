#include "share_memory.h"

#include <ATen/ops/empty.h>
#include <c10/util/strides.h>

#include <map>
#include <mutex>

#include "environment.h"
#include "errors.h"
#include "handle.h"
#include "names.h"

namespace adaptune::shared_memory {

namespace {

// A reference to the array whose memory a storage uses. Storages may end on any thread.
struct ArrayReference {
  std::weak_ptr<Environment> environment;
  napi_ref reference = nullptr;

  ~ArrayReference() {
    const auto alive = environment.lock();
    if (alive == nullptr || !alive->alive) return;
    if (alive->onOwnThread()) {
      napi_delete_reference(alive->env(), reference);
    } else {
      alive->dropReference(reference);
    }
  }
};

void releaseArray(void* context) {
  delete static_cast<ArrayReference*>(context);
}

// A storage's memory with more than one owner.
class Block {
 public:
  Block(at::DataPtr data, size_t size);
  ~Block();
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  char* data() const { return static_cast<char*>(data_.get()); }
  bool holds(const char* from, size_t bytes) const {
    return from >= data() && from + bytes <= data() + size_;
  }
  bool isOfJavaScript() const { return data_.get_deleter() == &releaseArray; }

 private:
  at::DataPtr data_;
  size_t size_;
};

using SharedBlock = std::shared_ptr<Block>;

// By first byte; for telling arrays over a block from others.
struct Blocks {
  std::mutex lock;
  std::map<const char*, std::weak_ptr<Block>> byStart;

  static Blocks& all() {
    static auto* blocks = new Blocks;  // storages may end after static objects
    return *blocks;
  }
};

Block::Block(at::DataPtr data, size_t size) : data_(std::move(data)), size_(size) {}

Block::~Block() {
  Blocks& blocks = Blocks::all();
  const std::lock_guard<std::mutex> guard(blocks.lock);
  const auto found = blocks.byStart.find(data());
  const bool isOurs = found != blocks.byStart.end() && found->second.expired();
  if (isOurs) blocks.byStart.erase(found);
}

SharedBlock findBlock(const char* from, size_t bytes) {
  Blocks& blocks = Blocks::all();
  const std::lock_guard<std::mutex> guard(blocks.lock);
  auto next = blocks.byStart.upper_bound(from);
  if (next == blocks.byStart.begin()) return nullptr;
  SharedBlock block = std::prev(next)->second.lock();
  return block != nullptr && block->holds(from, bytes) ? block : nullptr;
}

void releaseBlock(void* context) {
  delete static_cast<SharedBlock*>(context);
}

// Makes the storage one of several owners of its memory. Should it be resized or materialised
// elsewhere, the others keep what was there.
SharedBlock share(const at::Storage& storage) {
  Blocks& blocks = Blocks::all();
  const std::lock_guard<std::mutex> guard(blocks.lock);
  at::DataPtr& current = storage.mutable_data_ptr();
  if (current.get_deleter() == &releaseBlock) {
    return *static_cast<SharedBlock*>(current.get_context());
  }
  void* data = current.get();
  const at::Device device = current.device();
  auto block = std::make_shared<Block>(std::move(current), storage.nbytes());
  current = at::DataPtr(data, new SharedBlock(block), &releaseBlock, device);
  storage.unsafeGetStorageImpl()->set_resizable(false);
  blocks.byStart[block->data()] = block;
  return block;
}

std::vector<int64_t> toSizes(const Napi::Array& array) {
  std::vector<int64_t> sizes(array.Length());
  for (uint32_t i = 0; i < sizes.size(); ++i) sizes[i] = array.Get(i).ToNumber().Int64Value();
  return sizes;
}

struct Memory {
  char* data = nullptr;
  size_t bytes = 0;
};

Memory memoryOf(Napi::Env env, napi_value array) {
  napi_typedarray_type type = napi_uint8_array;
  size_t length = 0;
  void* data = nullptr;
  check(env, napi_get_typedarray_info(env, array, &type, &length, &data, nullptr, nullptr));
  const size_t size = Napi::TypedArray(env, array).ElementSize();
  return {static_cast<char*>(data), length * size};
}

napi_typedarray_type arrayType(at::ScalarType dtype) {
  switch (dtype) {
    case at::kChar:
      return napi_int8_array;
    case at::kShort:
      return napi_int16_array;
    case at::kUInt16:
    case at::kHalf:
    case at::kBFloat16:
    case at::kComplexHalf:
      return napi_uint16_array;
    case at::kInt:
      return napi_int32_array;
    case at::kUInt32:
      return napi_uint32_array;
    case at::kFloat:
    case at::kComplexFloat:
      return napi_float32_array;
    case at::kDouble:
    case at::kComplexDouble:
      return napi_float64_array;
    case at::kLong:
      return napi_bigint64_array;
    case at::kUInt64:
      return napi_biguint64_array;
    default:
      return napi_uint8_array;
  }
}

[[noreturn]] void refuse(Napi::Env env, const at::Tensor& tensor, const char* reason) {
  throw Napi::TypeError::New(
      env, std::string("asTypedArray: expected a contiguous tensor on the CPU without a graph, "
                       "given one that ") +
               reason + "; toTypedArray() copies");
}

void checkViewable(Napi::Env env, const at::Tensor& tensor) {
  if (!tensor.is_cpu()) refuse(env, tensor, "is not on the CPU");
  if (tensor.layout() != at::kStrided) refuse(env, tensor, "is sparse");
  if (tensor.is_quantized()) refuse(env, tensor, "is quantized");
  if (tensor.requires_grad()) refuse(env, tensor, "requires gradients (detach() it first)");
  if (tensor.is_conj() || tensor.is_neg()) refuse(env, tensor, "is a conjugate or negative view");
  if (!tensor.is_contiguous()) refuse(env, tensor, "has gaps (contiguous() copies)");
}

Napi::Value externalBuffer(Napi::Env env, SharedBlock block, char* data, size_t bytes) {
  const auto release = [](napi_env, void*, void* hint) { releaseBlock(hint); };
  auto owner = std::make_unique<SharedBlock>(std::move(block));
  napi_value buffer = nullptr;
  const napi_status status =
      napi_create_external_arraybuffer(env, data, bytes, release, owner.get(), &buffer);
  if (status == napi_no_external_buffers_allowed) {
    throw Napi::TypeError::New(env,
                               "asTypedArray: this JavaScript engine takes no memory of others; "
                               "toTypedArray() copies");
  }
  check(env, status);
  owner.release();
  return Napi::Value(env, buffer);
}

at::DataPtr toDataPtr(Napi::Env env, napi_value array, const Memory& memory) {
  if (SharedBlock block = findBlock(memory.data, memory.bytes)) {
    return at::DataPtr(memory.data, new SharedBlock(std::move(block)), &releaseBlock, at::kCPU);
  }
  Environment& environment = Environment::of(env);
  environment.deleteDropped();
  auto holder = std::make_unique<ArrayReference>();
  check(env, napi_create_reference(env, array, 1, &holder->reference));
  holder->environment = environment.weak_from_this();
  return at::DataPtr(memory.data, holder.release(), &releaseArray, at::kCPU);
}

}  // namespace

Napi::Value fromTypedArray(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Memory memory = memoryOf(env, info[0]);
  const auto dtype = parseDtype(info[1].ToString().Utf8Value());
  TORCH_CHECK(dtype, "expected a dtype, given ", info[1].ToString().Utf8Value());
  const auto sizes = toSizes(info[2].As<Napi::Array>());
  auto bytes = static_cast<int64_t>(c10::elementSize(*dtype));
  for (const int64_t size : sizes) {
    TORCH_CHECK(size >= 0 && !__builtin_mul_overflow(bytes, size, &bytes), "shape ",
                at::IntArrayRef(sizes), " is too large");
  }
  TORCH_CHECK(static_cast<size_t>(bytes) <= memory.bytes, "shape ", at::IntArrayRef(sizes), " of ",
              dtypeName(*dtype), " needs ", bytes, " bytes, given ", memory.bytes);
  if (bytes == 0) return Napi::Value(env, toHandle(env, at::empty(sizes, *dtype)));
  const auto size = c10::elementSize(*dtype);
  TORCH_CHECK(reinterpret_cast<uintptr_t>(memory.data) % size == 0, "elements of ",
              dtypeName(*dtype), " start at multiples of ", size,
              " bytes, this memory does not; torch.tensor copies");
  at::DataPtr data = toDataPtr(env, info[0], {memory.data, static_cast<size_t>(bytes)});
  const at::Storage storage(c10::Storage::use_byte_size_t(), static_cast<size_t>(bytes),
                            std::move(data));
  at::Tensor tensor = at::empty({0}, *dtype);
  tensor.set_(storage, 0, sizes, c10::contiguous_strides(sizes));
  return Napi::Value(env, toHandle(env, tensor));
}

Napi::Value asTypedArray(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const at::Tensor& tensor = requireTensor(env, info[0], "asTypedArray");
  checkViewable(env, tensor);
  const auto dtype = tensor.scalar_type();
  const napi_typedarray_type type = arrayType(dtype);
  const size_t pair = c10::isComplexType(dtype) ? 2 : 1;
  const size_t length = static_cast<size_t>(tensor.numel()) * pair;
  napi_value array = nullptr;
  if (length == 0) {
    check(env, napi_create_typedarray(env, type, 0, Napi::ArrayBuffer::New(env, 0), 0, &array));
    return Napi::Value(env, array);
  }
  SharedBlock block = share(tensor.storage());
  auto* data = static_cast<char*>(tensor.mutable_data_ptr());
  const auto buffer = externalBuffer(env, std::move(block), data, tensor.nbytes());
  check(env, napi_create_typedarray(env, type, length, buffer, 0, &array));
  return Napi::Value(env, array);
}

Napi::Value isTensorMemory(const Napi::CallbackInfo& info) {
  const Memory memory = memoryOf(info.Env(), info[0]);
  return Napi::Boolean::New(info.Env(), findBlock(memory.data, memory.bytes) != nullptr);
}

bool isOfJavaScript(const at::Tensor& tensor) {
  if (!tensor.has_storage()) return false;
  const at::DataPtr& data = tensor.storage().data_ptr();
  if (data.get_deleter() == &releaseArray) return true;
  if (data.get_deleter() != &releaseBlock) return false;
  return (*static_cast<SharedBlock*>(data.get_context()))->isOfJavaScript();
}

}  // namespace adaptune::shared_memory
