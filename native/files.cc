#include "files.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "errors.h"
#include "files_crc32.h"
#include "handle.h"
#include "names.h"

namespace adaptune::files {

namespace {

class Mapping {
 public:
  explicit Mapping(const std::string& path);
  ~Mapping() {
    if (data_ != nullptr) munmap(data_, size_);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  char* data() const { return static_cast<char*>(data_); }
  int64_t size() const { return static_cast<int64_t>(size_); }

 private:
  void* data_ = nullptr;
  size_t size_ = 0;
};

Mapping::Mapping(const std::string& path) {
  // A pipe that nobody writes to would be waited for.
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  TORCH_CHECK(file >= 0, "cannot open ", path, ": ", std::strerror(errno));
  struct stat status {};
  const bool known = fstat(file, &status) == 0;
  size_ = known ? static_cast<size_t>(status.st_size) : 0;
  // A page is copied when it is written to, so no memory need be reserved for the whole.
  constexpr int kind = MAP_PRIVATE | MAP_NORESERVE;
  if (size_ > 0) data_ = mmap(nullptr, size_, PROT_READ | PROT_WRITE, kind, file, 0);
  const bool failed = data_ == MAP_FAILED;
  if (failed) data_ = nullptr;
  const int reason = errno;
  close(file);
  TORCH_CHECK(known && !failed, "cannot map ", path, " into memory: ", std::strerror(reason));
}

struct Entry {
  at::ScalarType dtype;
  std::vector<int64_t> shape;
  int64_t begin, end;  // bytes
  int64_t alignment;   // of the first byte in memory
};

Entry toEntry(Napi::Env env, const Napi::Object& object) {
  const std::string name = object.Get("dtype").ToString();
  const auto dtype = parseDtype(name);
  TORCH_CHECK(dtype, "expected a dtype, given \"", name, "\"");
  Entry entry{*dtype, {}, object.Get("begin").ToNumber(), object.Get("end").ToNumber(), 1};
  entry.alignment = static_cast<int64_t>(c10::elementSize(*dtype));
  if (object.Has("alignment")) entry.alignment = object.Get("alignment").ToNumber();
  const auto shape = object.Get("shape").As<Napi::Array>();
  for (uint32_t i = 0; i < shape.Length(); ++i) entry.shape.push_back(shape.Get(i).ToNumber());
  return entry;
}

void checkRange(const Entry& entry, int64_t fileSize) {
  int64_t bytes = static_cast<int64_t>(c10::elementSize(entry.dtype));
  for (const int64_t size : entry.shape) {
    TORCH_CHECK(size >= 0, "expected sizes of at least 0, given ", size);
    TORCH_CHECK(!__builtin_mul_overflow(bytes, size, &bytes), "shape ",
                at::IntArrayRef(entry.shape), " is too large");
  }
  TORCH_CHECK(entry.begin >= 0 && entry.end <= fileSize && entry.end - entry.begin == bytes,
              "shape ", at::IntArrayRef(entry.shape), " needs ", bytes, " bytes; the range ",
              entry.begin, " to ", entry.end, " of ", fileSize, " does not hold them");
}

at::Tensor toTensor(const std::shared_ptr<Mapping>& mapping, const Entry& entry) {
  checkRange(entry, mapping->size());
  if (entry.begin == entry.end) return at::empty(entry.shape, entry.dtype);
  char* start = mapping->data() + entry.begin;
  const bool aligned = reinterpret_cast<uintptr_t>(start) % entry.alignment == 0;
  if (!aligned) {
    at::Tensor copy = at::empty(entry.shape, entry.dtype);
    std::memcpy(copy.mutable_data_ptr(), start, copy.nbytes());
    return copy;
  }
  return at::from_blob(
      start, entry.shape, [mapping](void*) {}, entry.dtype);
}

}  // namespace

Napi::Value mapTensors(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto mapping = std::make_shared<Mapping>(info[0].ToString().Utf8Value());
  const auto entries = info[1].As<Napi::Array>();
  auto result = Napi::Array::New(env, entries.Length());
  for (uint32_t i = 0; i < entries.Length(); ++i) {
    const Entry entry = toEntry(env, entries.Get(i).As<Napi::Object>());
    result.Set(i, toHandle(env, toTensor(mapping, entry)));
  }
  return result;
}

Napi::Value storageOf(const Napi::CallbackInfo& info) {
  const auto& tensor = requireTensor(info.Env(), info[0], "save");
  TORCH_CHECK(tensor.has_storage(), "a tensor of layout ", layoutName(tensor.layout()),
              " has no storage; save its parts or toDense()");
  const auto* storage = tensor.storage().unsafeGetStorageImpl();
  auto result = Napi::Object::New(info.Env());
  result.Set("id", static_cast<double>(reinterpret_cast<uintptr_t>(storage)));
  result.Set("bytes", static_cast<double>(storage->nbytes()));
  result.Set("offset", static_cast<double>(tensor.storage_offset()));
  return result;
}

Napi::Value storageBytes(const Napi::CallbackInfo& info) {
  const auto& tensor = requireTensor(info.Env(), info[0], "save");
  TORCH_CHECK(tensor.has_storage(), "a tensor of layout ", layoutName(tensor.layout()),
              " has no storage");
  const auto size = static_cast<int64_t>(tensor.storage().nbytes());
  at::Tensor bytes = at::empty({0}, at::TensorOptions().dtype(at::kByte).device(tensor.device()));
  bytes.set_(tensor.storage(), 0, {size}, {1});
  return Napi::Value(info.Env(), toHandle(info.Env(), bytes));
}

Napi::Value crc32(const Napi::CallbackInfo& info) {
  const auto& tensor = requireTensor(info.Env(), info[0], "save");
  TORCH_CHECK(tensor.is_cpu() && tensor.is_contiguous(), "expected a contiguous tensor on the CPU");
  const uint32_t before = info[1].ToNumber();
  const uint32_t crc = adaptune::crc32(tensor.const_data_ptr(), tensor.nbytes(), before);
  return Napi::Number::New(info.Env(), crc);
}

Napi::Value writeTensor(const Napi::CallbackInfo& info) {
  const int file = info[0].As<Napi::Number>();
  const auto& tensor = requireTensor(info.Env(), info[1], "save");
  const at::Tensor plain = tensor.detach().resolve_conj().resolve_neg().cpu().contiguous();
  const auto* data = static_cast<const char*>(plain.const_data_ptr());
  size_t left = plain.nbytes();
  while (left > 0) {
    const ssize_t written = write(file, data, left);
    if (written < 0 && errno == EINTR) continue;
    TORCH_CHECK(written >= 0, "cannot write: ", std::strerror(errno));
    data += written;
    left -= static_cast<size_t>(written);
  }
  return Napi::Number::New(info.Env(), static_cast<double>(plain.nbytes()));
}

}  // namespace adaptune::files
