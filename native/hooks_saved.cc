#include "hooks_saved.h"

#include <ATen/SavedTensorHooks.h>

#include <vector>

#include "callback.h"
#include "errors.h"

namespace adaptune::hooks {

namespace {

struct Pair {
  Callback pack;
  Callback unpack;

  Pair(const Napi::Value& packing, const Napi::Value& unpacking)
      : pack(packing.Env(), packing, "savedTensorsHooks: pack"),
        unpack(unpacking.Env(), unpacking, "savedTensorsHooks: unpack") {}
};

thread_local std::vector<std::shared_ptr<Pair>> stack;

struct Entry {
  explicit Entry(std::shared_ptr<Pair> pair) { stack.push_back(std::move(pair)); }
  ~Entry() { stack.pop_back(); }
};

class SavedHooks : public torch::autograd::SavedVariableHooks {
 public:
  explicit SavedHooks(std::shared_ptr<Pair> pair) : pair_(std::move(pair)) {}

  void call_pack_hook(const at::Tensor& tensor) override {
    Answer answer = pair_->pack.call({tensor});
    tensors_ = std::move(answer.tensors);
    value_ = std::make_unique<Reference>(answer.returned.Env(), answer.returned);
  }

  at::Tensor call_unpack_hook() override {
    const char* what = pair_->unpack.what();
    const auto tensors = pair_->unpack.call(tensors_, value_->value(what)).tensors;
    TORCH_CHECK(tensors.size() == 1 && tensors[0].defined(), what, ": expected a Tensor");
    return tensors[0];
  }

 private:
  std::shared_ptr<Pair> pair_;
  std::vector<at::Tensor> tensors_;
  std::unique_ptr<Reference> value_;
};

}  // namespace

std::unique_ptr<torch::autograd::SavedVariableHooks> makeSavedHooks() {
  if (stack.empty()) return nullptr;
  return std::make_unique<SavedHooks>(stack.back());
}

Napi::Value withSavedTensorsHooks(const Napi::CallbackInfo& info) {
  at::SavedTensorDefaultHooks::lazy_initialize();
  const Entry entry(std::make_shared<Pair>(info[0], info[1]));
  return info[2].As<Napi::Function>().Call({});
}

}  // namespace adaptune::hooks
