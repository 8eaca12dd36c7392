// An accelerator for tests of machines that have none: LibTorch's PrivateUse1, called "standin".
// Its memory is the host's and its kernels are the CPU's, but it is as strict as CUDA: a call that
// mixes devices is an error, and what would wait for a device, or copy to it, is noted. The
// operators of `stand_in`, at the end, give these notes, and record work for repetition as a CUDA
// graph does.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/EmptyTensor.h>
#include <ATen/core/TensorBody.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <ATen/record_function.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/library.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <string_view>
#include <unordered_map>

namespace {

using at::Storage;
using at::Tensor;
using c10::IValue;
using torch::jit::Stack;

constexpr auto kStandIn = c10::DeviceType::PrivateUse1;
const c10::Device kDevice(kStandIn, 0);

// What tests ask about, and the recording under way. Backward passes run on a thread of their own.
struct Notes {
  std::recursive_mutex mutex;
  std::vector<std::string> reads, uploads, operators;
};
Notes notes;

// --- memory

void releaseStorage(void* storage) {
  delete static_cast<Storage*>(storage);
}

// Memory of a storage under another device's name; it lives as long as either.
c10::DataPtr under(const Storage& storage, c10::Device device) {
  return {storage.mutable_data(), new Storage(storage), releaseStorage, device};
}

class DeviceAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    c10::Allocator* host = c10::GetCPUAllocator();
    void* data = host->raw_allocate(bytes);
    return {data, data, host->raw_deleter(), kDevice};
  }
  c10::DeleterFnPtr raw_deleter() const override { return c10::GetCPUAllocator()->raw_deleter(); }
  void copy_data(void* to, const void* from, size_t count) const override {
    default_copy_data(to, from, count);
  }
};
DeviceAllocator deviceAllocator;
REGISTER_ALLOCATOR(kStandIn, &deviceAllocator);

class PinnedAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    void* data = c10::GetCPUAllocator()->raw_allocate(bytes);
    const std::lock_guard lock(mutex_);
    live_.insert(data);
    return {data, data, release, c10::kCPU};
  }
  c10::DeleterFnPtr raw_deleter() const override { return release; }
  void copy_data(void* to, const void* from, size_t count) const override {
    default_copy_data(to, from, count);
  }
  static bool isPinned(const void* data) {
    const std::lock_guard lock(mutex_);
    return data != nullptr && live_.count(data) > 0;
  }

 private:
  static void release(void* data) {
    const std::lock_guard lock(mutex_);
    live_.erase(data);
    c10::GetCPUAllocator()->raw_deallocate(data);
  }
  static inline std::mutex mutex_;
  static inline std::set<const void*> live_;
};
PinnedAllocator pinnedAllocator;

// --- generators

// A generator of the CPU's under the device's name.
class DeviceGenerator final : public c10::GeneratorImpl {
 public:
  explicit DeviceGenerator(at::Generator own = at::detail::createCPUGenerator())
      : GeneratorImpl(kDevice, c10::DispatchKeySet(c10::DispatchKey::PrivateUse1)),
        host(std::move(own)) {}
  void set_current_seed(uint64_t seed) override { host.set_current_seed(seed); }
  void set_offset(uint64_t offset) override { host.set_offset(offset); }
  uint64_t get_offset() const override { return host.get_offset(); }
  uint64_t current_seed() const override { return host.current_seed(); }
  uint64_t seed() override { return host.seed(); }
  void set_state(const c10::TensorImpl& state) override {
    host.unsafeGetGeneratorImpl()->set_state(state);
  }
  c10::intrusive_ptr<c10::TensorImpl> get_state() const override {
    return host.unsafeGetGeneratorImpl()->get_state();
  }

  at::Generator host;

 private:
  DeviceGenerator* clone_impl() const override { return new DeviceGenerator(host.clone()); }
};

at::Generator& defaultGenerator() {
  static auto& generator = *new at::Generator(at::make_generator<DeviceGenerator>());
  return generator;
}

at::Generator hostOf(const at::Generator& generator) {
  return static_cast<DeviceGenerator*>(generator.unsafeGetGeneratorImpl())->host;
}

// --- the device

struct Hooks final : at::PrivateUse1HooksInterface {
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  c10::DeviceIndex deviceCount() const override { return 1; }
  c10::DeviceIndex getCurrentDevice() const override { return 0; }
  void setCurrentDevice(c10::DeviceIndex) const override {}
  c10::DeviceIndex exchangeDevice(c10::DeviceIndex) const override { return 0; }
  c10::DeviceIndex maybeExchangeDevice(c10::DeviceIndex) const override { return 0; }
  const at::Generator& getDefaultGenerator(c10::DeviceIndex) const override {
    return defaultGenerator();
  }
  at::Generator getNewGenerator(c10::DeviceIndex) const override {
    return at::make_generator<DeviceGenerator>();
  }
  c10::Allocator* getPinnedMemoryAllocator() const override { return &pinnedAllocator; }
  bool isPinnedPtr(const void* data) const override { return PinnedAllocator::isPinned(data); }
};

bool isRecording();

struct Guard final : c10::impl::DeviceGuardImplInterface {
  c10::DeviceType type() const override { return kStandIn; }
  c10::Device exchangeDevice(c10::Device) const override { return kDevice; }
  c10::Device getDevice() const override { return kDevice; }
  void setDevice(c10::Device device) const override {
    TORCH_CHECK(device.index() <= 0, "there is one stand-in, asked for ", device);
  }
  void uncheckedSetDevice(c10::Device) const noexcept override {}
  c10::Stream getStream(c10::Device) const override { return stream(); }
  c10::Stream getDefaultStream(c10::Device) const override { return stream(); }
  c10::Stream getNewStream(c10::Device, int) const override { return stream(); }
  c10::Stream getStreamFromGlobalPool(c10::Device, bool) const override { return stream(); }
  c10::Stream exchangeStream(c10::Stream) const override { return stream(); }
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }
  // All is done when it is asked for.
  void record(void**, const c10::Stream&, c10::DeviceIndex, c10::EventFlag) const override {}
  void block(void*, const c10::Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  bool queryStream(const c10::Stream&) const override { return true; }
  bool isStreamCapturing(const c10::Stream&) const override { return isRecording(); }
  void synchronizeStream(const c10::Stream&) const override {}
  void synchronizeEvent(void*) const override {}
  void synchronizeDevice(c10::DeviceIndex) const override {}

  static c10::Stream stream() { return c10::Stream(c10::Stream::DEFAULT, kDevice); }
};
C10_REGISTER_GUARD_IMPL(PrivateUse1, Guard);

// --- recordings

// One operator as the CPU runs it: its arguments, and what it gave, in memory that stays where it
// is.
struct Step {
  c10::OperatorHandle op;
  std::vector<IValue> arguments, results;
};

struct Recordings {
  std::optional<std::vector<Step>> current;
  std::map<int64_t, std::vector<Step>> finished;
  int64_t next = 0;
};
Recordings recordings;

bool isRecording() {
  return recordings.current.has_value();
}

void refuseWhileRecording(const std::string& what) {
  TORCH_CHECK(!isRecording(), what, " is not permitted while work is recorded");
}

void noteRead(const std::string& what) {
  refuseWhileRecording("reading the device's values (" + what + ")");
  notes.reads.push_back(what);
}

// Inside of operators of our own, and of their gradients, what goes to the device are a kernel's
// arguments.
thread_local int ownOperators = 0;

struct OwnOperator final : at::ObserverContext {
  OwnOperator() { ++ownOperators; }
  ~OwnOperator() override { --ownOperators; }
};

std::unique_ptr<at::ObserverContext> enterOwnOperator(const at::RecordFunction& function) {
  const std::string_view name = function.name();
  if (name.find("adaptune::") == std::string_view::npos) return nullptr;
  return std::make_unique<OwnOperator>();
}

// --- the same tensors for the CPU

template <typename Fn>
IValue mapTensors(const IValue& value, const Fn& fn) {
  if (value.isTensor()) return value.toTensor().defined() ? IValue(fn(value.toTensor())) : value;
  if (value.isTensorList()) {
    c10::List<Tensor> list;
    for (const Tensor& tensor : value.toTensorVector())
      list.push_back(tensor.defined() ? fn(tensor) : tensor);
    return list;
  }
  if (value.isOptionalTensorList()) {
    c10::List<std::optional<Tensor>> list;
    for (const std::optional<Tensor>& tensor : value.toOptionalTensorVector())
      list.push_back(tensor && tensor->defined() ? std::optional(fn(*tensor)) : tensor);
    return list;
  }
  return value;
}

Tensor madeOf(Storage storage, const Tensor& like, c10::DispatchKey key) {
  Tensor made = at::detail::make_tensor<c10::TensorImpl>(std::move(storage),
                                                         c10::DispatchKeySet(key), like.dtype());
  auto* impl = made.unsafeGetTensorImpl();
  impl->set_sizes_and_strides(like.sizes(), like.strides(), like.storage_offset());
  return made;
}

// The tensors of a call on the device and, over the same memory, on the host.
class Twins {
 public:
  Tensor onHost(const Tensor& tensor) {
    if (tensor.device().type() != kStandIn) return tensor;
    for (const auto& [device, host] : tensors_)
      if (device.is_same(tensor)) return host;
    Tensor twin = madeOf(hostStorage(tensor.storage()), tensor, c10::DispatchKey::CPU);
    tensors_.emplace_back(tensor, twin);
    return twin;
  }

  Tensor onDevice(const Tensor& tensor) {
    if (tensor.device().type() == kStandIn) return tensor;
    for (const auto& [device, host] : tensors_)
      if (host.is_same(tensor)) return device;
    Tensor twin = madeOf(deviceStorage(tensor.storage()), tensor, c10::DispatchKey::PrivateUse1);
    tensors_.emplace_back(twin, tensor);
    return twin;
  }

  // Gives the tensors that the CPU has resized their new sizes and memory.
  void follow() {
    for (auto& [device, host] : tensors_) {
      Storage own = device.storage();
      if (own.data() != host.storage().data()) {
        own.set_data_ptr(under(host.storage(), kDevice));
        own.set_nbytes(host.storage().nbytes());
      }
      if (device.sizes() != host.sizes() || device.strides() != host.strides())
        device.unsafeGetTensorImpl()->set_sizes_and_strides(host.sizes(), host.strides(),
                                                            host.storage_offset());
    }
  }

 private:
  static const void* key(const Storage& storage) { return storage.unsafeGetStorageImpl(); }

  Storage hostStorage(const Storage& device) {
    for (const auto& [host, own] : storages_)
      if (key(own.device) == key(device)) return own.host;
    Storage host(Storage::use_byte_size_t(), device.nbytes(), under(device, c10::kCPU),
                 c10::GetCPUAllocator(), /*resizable=*/true);
    storages_.emplace(key(host), Pair{device, host});
    return host;
  }

  Storage deviceStorage(const Storage& host) {
    const auto found = storages_.find(key(host));
    if (found != storages_.end()) return found->second.device;
    Storage device(Storage::use_byte_size_t(), host.nbytes(), under(host, kDevice),
                   &deviceAllocator, /*resizable=*/true);
    storages_.emplace(key(host), Pair{device, host});
    return device;
  }

  struct Pair {
    Storage device, host;
  };
  std::vector<std::pair<Tensor, Tensor>> tensors_;
  std::unordered_map<const void*, Pair> storages_;  // by the host's
};

// --- operators

std::string nameOf(const c10::OperatorHandle& op) {
  return c10::toString(op.operator_name());
}

// Operators whose result's shape, or whose result, a host has to know of: CUDA waits for these.
bool readsValues(const c10::OperatorHandle& op, const std::vector<IValue>& arguments) {
  static const std::set<std::string> names{"aten::nonzero",    "aten::masked_select",
                                           "aten::_unique",    "aten::_unique2",
                                           "aten::unique_dim", "aten::unique_consecutive",
                                           "aten::bincount",   "aten::unique_dim_consecutive",
                                           "aten::equal",      "aten::_local_scalar_dense"};
  const std::string& name = op.operator_name().name;
  if (names.count(name) > 0) return true;
  if (name == "aten::repeat_interleave")
    return arguments[0].isTensor() && arguments.back().isNone();
  if (name != "aten::_index_put_impl_" && name != "aten::index_put_") return false;
  const auto indices = arguments[1].toOptionalTensorVector();
  return std::any_of(indices.begin(), indices.end(), [](const std::optional<Tensor>& index) {
    return index && index->defined() && index->scalar_type() == at::kBool;
  });
}

void refuseMixed(const c10::OperatorHandle& op, const std::vector<IValue>& arguments) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    mapTensors(arguments[i], [&](const Tensor& tensor) {
      const bool isElsewhere = tensor.device().type() != kStandIn && tensor.dim() > 0;
      TORCH_CHECK(!isElsewhere, nameOf(op), ": expected all tensors on ", kDevice,
                  ", but argument '", op.schema().arguments()[i].name(), "' is on ",
                  tensor.device());
      return tensor;
    });
  }
}

bool takesGenerator(const c10::Argument& argument) {
  return argument.type()->isSubtypeOf(*c10::OptionalType::create(c10::GeneratorType::get()));
}

// What the host's kernel is given for an argument.
IValue forHost(const IValue& value, const c10::Argument& argument, Twins& twins) {
  if (value.isDevice()) return c10::Device(c10::kCPU);
  if (takesGenerator(argument))
    return hostOf(value.isNone() ? defaultGenerator() : value.toGenerator());
  return mapTensors(value, [&](const Tensor& tensor) { return twins.onHost(tensor); });
}

// Kernels that draw without being given a generator draw from the CPU's own: lends it the device's
// numbers.
class DeviceNumbers {
 public:
  explicit DeviceNumbers(const c10::OperatorHandle& op) {
    const auto& arguments = op.schema().arguments();
    const bool given = std::any_of(arguments.begin(), arguments.end(), takesGenerator);
    if (given || !op.hasTag(at::Tag::nondeterministic_seeded)) return;
    outer_ = own_.get_state();
    own_.set_state(hostOf(defaultGenerator()).get_state());
  }
  ~DeviceNumbers() {
    if (!outer_.defined()) return;
    hostOf(defaultGenerator()).set_state(own_.get_state());
    own_.set_state(outer_);
  }

 private:
  at::Generator own_ = at::detail::getDefaultCPUGenerator();
  Tensor outer_;
};

void runOnHost(const c10::OperatorHandle& op, Stack& stack) {
  const at::AutoDispatchBelowADInplaceOrView below;
  const DeviceNumbers numbers(op);
  op.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::CPU), &stack);
}

void run(const c10::OperatorHandle& op, Stack* stack) {
  const std::lock_guard lock(notes.mutex);
  const size_t count = op.schema().arguments().size();
  const std::vector<IValue> given(stack->end() - count, stack->end());
  refuseMixed(op, given);
  if (readsValues(op, given)) noteRead(nameOf(op));
  notes.operators.push_back(nameOf(op));

  Twins twins;
  Stack host;
  for (size_t i = 0; i < count; ++i)
    host.push_back(forHost(given[i], op.schema().arguments()[i], twins));
  Step step{op, host, {}};
  runOnHost(op, host);
  step.results = host;
  twins.follow();
  torch::jit::drop(*stack, count);
  const auto toDevice = [&](const Tensor& tensor) { return twins.onDevice(tensor); };
  for (const IValue& result : host) stack->push_back(mapTensors(result, toDevice));
  if (recordings.current) recordings.current->push_back(std::move(step));
}

Tensor emptyOf(c10::IntArrayRef size, std::optional<c10::ScalarType> dtype,
               std::optional<c10::Layout> layout, std::optional<c10::Device>,
               std::optional<bool> pinned, std::optional<c10::MemoryFormat> format) {
  TORCH_CHECK(c10::layout_or_default(layout) == c10::kStrided,
              "the stand-in's tensors are strided");
  TORCH_CHECK(!pinned.value_or(false), "memory of the stand-in can not be pinned");
  return at::detail::empty_generic(size, &deviceAllocator,
                                   c10::DispatchKeySet(c10::DispatchKey::PrivateUse1),
                                   c10::dtype_or_default(dtype), format);
}

Tensor emptyStrided(c10::IntArrayRef size, c10::IntArrayRef stride,
                    std::optional<c10::ScalarType> dtype, std::optional<c10::Layout> layout,
                    std::optional<c10::Device>, std::optional<bool> pinned) {
  TORCH_CHECK(c10::layout_or_default(layout) == c10::kStrided,
              "the stand-in's tensors are strided");
  TORCH_CHECK(!pinned.value_or(false), "memory of the stand-in can not be pinned");
  return at::detail::empty_strided_generic(size, stride, &deviceAllocator,
                                           c10::DispatchKeySet(c10::DispatchKey::PrivateUse1),
                                           c10::dtype_or_default(dtype));
}

std::string describe(const Tensor& tensor) {
  return c10::str(c10::toString(tensor.scalar_type()), " ", tensor.sizes());
}

// The host waits for copies, unless its memory is pinned and it says that it does not.
void noteCopy(const Tensor& from, const Tensor& to, bool nonBlocking) {
  const auto pinned = [](const Tensor& host) {
    return PinnedAllocator::isPinned(host.storage().data());
  };
  if (from.is_cpu() && ownOperators == 0) {
    if (!pinned(from)) refuseWhileRecording("a copy to the device of memory that is not pinned");
    notes.uploads.push_back(c10::str(pinned(from) ? "pinned" : "unpinned",
                                     nonBlocking ? " " : ", waited for ", describe(from)));
  }
  if (to.is_cpu() && !(pinned(to) && nonBlocking)) noteRead("copy of " + describe(from));
}

Tensor copyFrom(const Tensor& from, const Tensor& to, bool nonBlocking) {
  const std::lock_guard lock(notes.mutex);
  noteCopy(from, to, nonBlocking);
  static const auto copy = c10::Dispatcher::singleton().findSchemaOrThrow("aten::copy_", "");
  notes.operators.push_back(nameOf(copy));
  Twins twins;
  Stack host{twins.onHost(to), twins.onHost(from), false};
  Step step{copy, host, {}};
  runOnHost(copy, host);
  step.results = host;
  if (recordings.current) recordings.current->push_back(std::move(step));
  return to;
}

// What variable.data = data does for devices that LibTorch knows to be like the CPU: of others it
// refuses it.
struct Impl : c10::TensorImpl {
  static void assign(c10::TensorImpl& to, const c10::TensorImpl& from) {
    copy_tensor_metadata(&from, &to, to.version_counter(), to.allow_tensor_metadata_change());
  }
};

void setData(Tensor& variable, const Tensor& data) {
  Impl::assign(*variable.unsafeGetTensorImpl(), *data.unsafeGetTensorImpl());
  auto* meta = torch::autograd::impl::get_autograd_meta(variable);
  if (meta == nullptr) return;
  const std::lock_guard lock(meta->mutex_);
  meta->grad_accumulator_.reset();  // that was for another device
}

// --- what tests call

std::vector<std::string> taken(std::vector<std::string>& list) {
  const std::lock_guard lock(notes.mutex);
  std::vector<std::string> result;
  result.swap(list);
  return result;
}

void beginCapture() {
  const std::lock_guard lock(notes.mutex);
  TORCH_CHECK(!recordings.current, "work is being recorded already");
  recordings.current.emplace();
}

int64_t endCapture() {
  const std::lock_guard lock(notes.mutex);
  TORCH_CHECK(recordings.current, "no work is being recorded");
  recordings.finished[++recordings.next] = std::move(*recordings.current);
  recordings.current.reset();
  return recordings.next;
}

void abandonCapture() {
  const std::lock_guard lock(notes.mutex);
  recordings.current.reset();
}

std::vector<Tensor> tensorsIn(const std::vector<IValue>& values) {
  std::vector<Tensor> tensors;
  for (const IValue& value : values)
    mapTensors(value, [&](const Tensor& tensor) {
      tensors.push_back(tensor);
      return tensor;
    });
  return tensors;
}

// Runs a step on what its arguments hold now. What it made then takes the new values; what it wrote
// into, or gave a view of, has them.
void repeat(const Step& step) {
  Stack stack(step.arguments);
  runOnHost(step.op, stack);
  std::set<const void*> given;
  for (const Tensor& tensor : tensorsIn(step.arguments))
    given.insert(tensor.storage().unsafeGetStorageImpl());
  const auto before = tensorsIn(step.results), now = tensorsIn(stack);
  for (size_t i = 0; i < before.size(); ++i)
    if (given.count(before[i].storage().unsafeGetStorageImpl()) == 0) before[i].copy_(now[i]);
}

void replay(int64_t number) {
  const std::lock_guard lock(notes.mutex);
  refuseWhileRecording("a replay");
  const auto found = recordings.finished.find(number);
  TORCH_CHECK(found != recordings.finished.end(), "there is no recording ", number);
  const at::AutoDispatchBelowADInplaceOrView below;
  for (const Step& step : found->second) repeat(step);
}

void release(int64_t number) {
  const std::lock_guard lock(notes.mutex);
  recordings.finished.erase(number);
}

[[maybe_unused]] const bool registered = [] {
  c10::register_privateuse1_backend("standin");
  at::RegisterPrivateUse1HooksInterface(new Hooks());
  at::addGlobalCallback(
      at::RecordFunctionCallback(enterOwnOperator)
          .scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION}));
  return true;
}();

}  // namespace

TORCH_LIBRARY_IMPL(_, PrivateUse1, library) {
  library.fallback(torch::CppFunction::makeFromBoxedFunction<&run>());
}

TORCH_LIBRARY_IMPL(aten, PrivateUse1, library) {
  library.impl("empty.memory_format", emptyOf);
  library.impl("empty_strided", emptyStrided);
  library.impl("_copy_from", copyFrom);
}

TORCH_LIBRARY_IMPL(aten, AutogradPrivateUse1, library) {
  library.impl("set_data", setData);
}

// What CUDA has kernels of its own for; else these would run as several of LibTorch's operators.
TORCH_LIBRARY_IMPL(adaptune, PrivateUse1, library) {
  for (const char* name : {"bias_gelu", "_bias_gelu_backward", "dropout", "_dropout_add_layer_norm",
                           "_dropout_add_layer_norm_backward", "_gumbel_gate", "_grouped_product",
                           "_grouped_weight_gradient"})
    library.impl(name, torch::CppFunction::makeFromBoxedFunction<&run>());
}

// Notes since they were last taken: values that the host waited for, copies from host to device,
// operators.
TORCH_LIBRARY(stand_in, library) {
  library.def("take_reads() -> str[]", [] { return taken(notes.reads); });
  library.def("take_uploads() -> str[]", [] { return taken(notes.uploads); });
  library.def("take_operators() -> str[]", [] { return taken(notes.operators); });
  library.def("begin_capture() -> ()", beginCapture);
  library.def("end_capture() -> int", endCapture);
  library.def("abandon_capture() -> ()", abandonCapture);
  library.def("replay(int recording) -> ()", replay);
  library.def("release(int recording) -> ()", release);
}

// So that Node.js keeps the library when it has loaded it.
extern "C" __attribute__((visibility("default"))) void* napi_register_module_v1(void*,
                                                                                void* exports) {
  return exports;
}
