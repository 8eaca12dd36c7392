#include "kept_panels.h"

#include <torch/library.h>

#include <atomic>
#include <mutex>
#include <new>
#include <unordered_map>
#include <unordered_set>

#include "packed_products.h"

namespace adaptune::packed {

namespace {

// A weight is known by where its numbers are, which copies of its handle have in common. LibTorch
// counts what it writes there (_version), so that panels of what has changed are not used.
struct Kept {
  c10::weak_intrusive_ptr<c10::StorageImpl> storage;
  int64_t outputs, inputs;
  uint32_t version;
  std::shared_ptr<const float> panels;

  bool isOf(const at::Tensor& weight) const {
    return !storage.expired() &&
           weight.storage().unsafeGetStorageImpl() == storage._unsafe_get_target() &&
           weight.size(0) == outputs && weight.size(1) == inputs && weight._version() == version;
  }
};

std::mutex mutex;
std::unordered_map<const void*, Kept> all;
std::atomic<bool> hasAny{false};

void forgetDead() {
  std::erase_if(all, [](const auto& one) { return one.second.storage.expired(); });
}

int64_t floatsOf(const at::Tensor& weight) {
  const int64_t width = chosenKernels().products.tile_columns;
  return ceilDiv(weight.size(0), width) * width * weight.size(1);
}

std::shared_ptr<const float> pack(at::Tensor weight) {
  const std::align_val_t line{64};
  const auto bytes = static_cast<size_t>(floatsOf(weight)) * sizeof(float);
  const std::shared_ptr<float> panels(static_cast<float*>(::operator new[](bytes, line)),
                                      [line](float* memory) { ::operator delete[](memory, line); });
  const auto& kernels = chosenKernels().products;
  const Operand operand = operandOf(weight, 0);
  const int64_t m = weight.size(0), n = weight.size(1), width = kernels.tile_columns;
  const auto packPanel = [&](int64_t panel) {
    const int64_t column = panel * width;
    kernels.pack_columns({.from = operand.at(column),
                          .stride = operand.stride,
                          .columns = std::min(width, m - column),
                          .k = n,
                          .is_across = operand.isAcross,
                          .panel_stride = n * width},
                         panels.get() + column * n);
  };
  runPhases({{ceilDiv(m, width), packPanel}}, static_cast<double>(weight.numel()));
  return panels;
}

void check(const at::Tensor& weight, size_t i) {
  TORCH_CHECK(weight.device().is_cpu() && weight.scalar_type() == at::kFloat && weight.dim() == 2 &&
                  weight.is_contiguous() && !weight.is_inference(),
              "argument 'weights[", i,
              "]': expected a contiguous float32 weight [m,n] on the CPU, not made in inference "
              "mode, given ",
              weight.scalar_type(), " ", weight.sizes(), " on ", weight.device());
}

// Keeps weights packed; the bytes that takes.
int64_t keepPacked(at::TensorList weights) {
  for (size_t i = 0; i < weights.size(); ++i) check(weights[i], i);
  int64_t bytes = 0;
  std::unordered_set<const void*> counted;
  const std::lock_guard lock(mutex);
  forgetDead();
  for (const at::Tensor& weight : weights) {
    if (!counted.insert(weight.const_data_ptr()).second) continue;
    bytes += floatsOf(weight) * static_cast<int64_t>(sizeof(float));
    const auto known = all.find(weight.const_data_ptr());
    if (known != all.end() && known->second.isOf(weight)) continue;
    all.insert_or_assign(weight.const_data_ptr(),
                         Kept{weight.storage().getWeakStorageImpl(), weight.size(0), weight.size(1),
                              static_cast<uint32_t>(weight._version()), pack(weight)});
  }
  hasAny = !all.empty();
  return bytes;
}

void forgetPacked(at::TensorList weights) {
  const std::lock_guard lock(mutex);
  forgetDead();
  for (const at::Tensor& weight : weights) all.erase(weight.const_data_ptr());
  hasAny = !all.empty();
}

}  // namespace

std::shared_ptr<const float> keptPanels(const at::Tensor& weight) {
  if (!hasAny || !weight.is_contiguous() || weight.is_inference()) return nullptr;
  const std::lock_guard lock(mutex);
  const auto known = all.find(weight.const_data_ptr());
  return known != all.end() && known->second.isOf(weight) ? known->second.panels : nullptr;
}

TORCH_LIBRARY_FRAGMENT(adaptune, library) {
  library.def("keep_packed(Tensor[] weights) -> int", keepPacked);
  library.def("forget_packed(Tensor[] weights) -> ()", forgetPacked);
}

}  // namespace adaptune::packed
