#include "autograd_engine.h"

#include <torch/csrc/autograd/anomaly_mode.h>
#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/autograd/graph_task.h>

#include <mutex>
#include <sstream>

#include "hooks_saved.h"
#include "node.h"

namespace adaptune::autograd {

namespace {

using torch::autograd::AnomalyMode;

// The environment of this thread while it detects anomalies, and the frames that it leaves out.
struct Detection {
  napi_env env;
  std::string folder;
  Detection* outer;
};

thread_local Detection* detection = nullptr;
thread_local std::string anomaly;

// JavaScript's stack without the library's own frames; empty where there is none.
std::string scriptStack() {
  if (detection == nullptr) return "";
  const napi_env env = detection->env;
  const Napi::HandleScope scope(env);
  napi_value message = nullptr, error = nullptr, stack = nullptr;
  const bool isTold = napi_create_string_utf8(env, "", 0, &message) == napi_ok &&
                      napi_create_error(env, nullptr, message, &error) == napi_ok &&
                      napi_get_named_property(env, error, "stack", &stack) == napi_ok;
  napi_valuetype type = napi_undefined;
  if (!isTold || napi_typeof(env, stack, &type) != napi_ok || type != napi_string) return "";
  std::istringstream lines(Napi::String(env, stack).Utf8Value());
  std::string line, text;
  std::getline(lines, line);  // "Error"
  while (std::getline(lines, line)) {
    if (line.find(detection->folder) == std::string::npos) text += "\n" + line;
  }
  return text;
}

class ScriptMetadata : public torch::autograd::AnomalyMetadata {
 public:
  void store_stack() override { stack_ = scriptStack(); }
  void assign_parent(const NodePointer& parent) override { parent_ = parent; }

  // LibTorch calls this where a backward pass fails.
  void print_stack(const std::string& name) override {
    anomaly = stack_.empty() ? "\n  " + name + " was recorded outside of torch.autograd." +
                                   "detectAnomaly; call the operators inside of it too."
                             : "\n  " + name + " is the backward of the operator called" + stack_;
    NodePointer parent = parent_;
    while (parent != nullptr) {
      auto* metadata = dynamic_cast<ScriptMetadata*>(parent->metadata());
      if (metadata == nullptr) break;
      anomaly += "\n  which the backward of " + parent->name() +
                 " called, itself of the operator called" + metadata->stack_;
      parent = metadata->parent_;
    }
  }

 private:
  std::string stack_;
  NodePointer parent_;
};

class ScriptEngine : public torch::autograd::Engine {
 public:
  std::unique_ptr<torch::autograd::AnomalyMetadata> make_anomaly_metadata() override {
    return std::make_unique<ScriptMetadata>();
  }

  std::unique_ptr<torch::autograd::SavedVariableHooks> get_default_saved_variable_hooks() override {
    return hooks::makeSavedHooks();
  }
};

// Never destroyed: its threads may outlive everything else.
torch::autograd::Engine& engine() {
  static auto& instance = *new ScriptEngine();
  return instance;
}

// Anomaly detection is one switch for the whole process; environments may ask for it at once.
class Switch {
 public:
  explicit Switch(bool checkNan) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (asked_++ == 0) before_ = {AnomalyMode::is_enabled(), AnomalyMode::should_check_nan()};
    AnomalyMode::set_enabled(true, checkNan);
  }
  ~Switch() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (--asked_ == 0) AnomalyMode::set_enabled(before_.first, before_.second);
  }

 private:
  static std::mutex mutex_;
  static int asked_;
  static std::pair<bool, bool> before_;
};

std::mutex Switch::mutex_;
int Switch::asked_ = 0;
std::pair<bool, bool> Switch::before_;

}  // namespace

void installEngine() {
  static std::once_flag once;
  std::call_once(once, [] { torch::autograd::set_default_engine_stub(&engine); });
}

std::string takeAnomaly() {
  std::string taken;
  taken.swap(anomaly);
  return taken;
}

Napi::Value detectAnomaly(const Napi::CallbackInfo& info) {
  const Switch on(info[0].ToBoolean());
  Detection entry{info.Env(), info[1].ToString(), detection};
  struct Restore {
    ~Restore() { detection = detection->outer; }
  };
  detection = &entry;
  const Restore restore;
  return info[2].As<Napi::Function>().Call({});
}

Napi::Value isAnomalyEnabled(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), AnomalyMode::is_enabled());
}

Napi::Value currentGraphTask(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), torch::autograd::get_current_graph_task_id());
}

}  // namespace adaptune::autograd
