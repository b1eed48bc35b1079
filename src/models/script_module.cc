// SPDX-License-Identifier: Apache-2.0
#include "tint/models/script_module.h"

#include <c10/core/GradMode.h>
#include <c10/util/Exception.h>
#include <caffe2/serialize/read_adapter_interface.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <sstream>

#include "tint/base/error.h"
#include "tint/base/text.h"

namespace tint {
namespace {

// Lets the loader read our bytes in place: a copy of a 3 GB model would cost another 3 GB.
class BytesReader : public caffe2::serialize::ReadAdapterInterface {
 public:
  explicit BytesReader(std::string_view bytes) : bytes_(bytes) {}
  size_t size() const override { return bytes_.size(); }
  size_t read(uint64_t position, void* buffer, size_t count, const char* /*what*/) const override {
    if (position >= bytes_.size()) return 0;
    const size_t copied = std::min(count, bytes_.size() - static_cast<size_t>(position));
    std::memcpy(buffer, bytes_.data() + position, copied);
    return copied;
  }

 private:
  std::string_view bytes_;
};

// The optimiser's setting is thread-local, so it is set around every use; profiling is process-wide.
class PlainExecution {
 public:
  PlainExecution() : guard_(false) { torch::jit::getProfilingMode() = false; }

 private:
  torch::jit::GraphOptimizerEnabledGuard guard_;
};

// LibTorch's messages end in pages of stack; the helpful sentence is the last line of TorchScript's traceback.
std::string ShortReason(const std::exception& error) {
  const auto* torch_error = dynamic_cast<const c10::Error*>(&error);
  std::string text = torch_error ? torch_error->what_without_backtrace() : error.what();
  const size_t last = text.rfind("RuntimeError: ");
  if (last != std::string::npos) text = text.substr(last + std::strlen("RuntimeError: "));
  text = text.substr(0, text.find("\nException raised from"));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.size() <= 1000 ? text : text.substr(0, 1000) + "...";
}

bool IsOutOfMemory(const std::exception& error) {
  const std::string reason = ShortReason(error);
  return dynamic_cast<const std::bad_alloc*>(&error) != nullptr || reason.find("out of memory") != std::string::npos ||
         reason.find("allocate memory") != std::string::npos || reason.find("not enough memory") != std::string::npos;
}

[[noreturn]] void FailedCall(const std::string& file, const std::string& method, const std::exception& error) {
  Fail(IsOutOfMemory(error) ? ExitCode::kOutOfMemory : ExitCode::kInternal,
       {.file = file, .field = method, .found = ShortReason(error)});
}

void Convert(torch::jit::Module& module, const c10::Device& device, std::optional<c10::ScalarType> dtype) {
  auto convert = [&](at::Tensor tensor) {
    const bool cast = dtype && tensor.is_floating_point();
    tensor.set_data(tensor.detach().to(device, cast ? *dtype : tensor.scalar_type()));
  };
  for (const at::Tensor& parameter : module.parameters()) convert(parameter);
  for (const at::Tensor& buffer : module.buffers()) convert(buffer);
}

torch::jit::Module LoadOnCpu(std::string_view bytes, const std::string& file) {
  try {
    return torch::jit::load(std::make_shared<BytesReader>(bytes), c10::Device(c10::kCPU));
  } catch (const std::exception& error) {
    if (IsOutOfMemory(error)) FailedCall(file, "load", error);
    Fail(ExitCode::kBadInput, {.file = file,
                               .found = "cannot be loaded: " + ShortReason(error),
                               .expected = "a TorchScript archive that LibTorch 2.11 reads"});
  }
}

ScriptModule Load(std::string_view bytes, const std::string& file, const c10::Device& device,
                  std::optional<c10::ScalarType> dtype) {
  const PlainExecution plain;
  torch::jit::Module module = LoadOnCpu(bytes, file);
  try {
    Convert(module, device, dtype);
  } catch (const std::exception& error) {
    FailedCall(file, "move to " + device.str(), error);
  }
  return ScriptModule(module, file);
}

template <class List>
std::vector<std::pair<std::string, at::Tensor>> Named(const List& list) {
  std::vector<std::pair<std::string, at::Tensor>> pairs;
  for (const auto& item : list) pairs.emplace_back(item.name, item.value);
  return pairs;
}

}  // namespace

ScriptModule::ScriptModule() = default;

ScriptModule::ScriptModule(const torch::jit::Module& module, std::string file)
    : module_(std::make_shared<torch::jit::Module>(module)), file_(std::move(file)) {}

ScriptModule ScriptModule::FromBytes(std::string_view bytes, const std::string& file, const c10::Device& device,
                                     c10::ScalarType dtype) {
  return Load(bytes, file, device, dtype);
}

ScriptModule ScriptModule::FromBytes(std::string_view bytes, const std::string& file, const c10::Device& device) {
  return Load(bytes, file, device, std::nullopt);
}

std::string ScriptModule::ToBytes() const {
  std::ostringstream stream;
  module().save(stream);
  return std::move(stream).str();
}

at::Tensor ScriptModule::Call(const std::string& method, const std::vector<at::Tensor>& inputs) const {
  const PlainExecution plain;
  const auto found = module().find_method(method);
  TINT_CHECK(found.has_value()) << file_ << " has no method " << method;
  c10::IValue result;
  try {
    result = (*found)(std::vector<c10::IValue>(inputs.begin(), inputs.end()));
  } catch (const std::exception& error) {
    FailedCall(file_, method, error);
  }
  if (!result.isTensor()) {
    Fail(ExitCode::kBadInput,
         {.file = file_, .field = method, .found = "gave " + result.tagKind(), .expected = "one tensor"});
  }
  return result.toTensor();
}

bool ScriptModule::HasMethod(const std::string& method) const { return module().find_method(method).has_value(); }

std::string ScriptModule::DescribeMethod(const std::string& method) const {
  const auto found = module().find_method(method);
  if (!found) return "";
  const c10::FunctionSchema& schema = found->function().getSchema();
  std::vector<std::string> arguments, results;
  for (size_t i = 1; i < schema.arguments().size(); ++i) arguments.push_back(schema.arguments()[i].type()->str());
  for (const c10::Argument& result : schema.returns()) results.push_back(result.type()->str());
  return method + "(" + Join(arguments, ", ") + ") -> " + Join(results, ", ");
}

void ScriptModule::SetTraining(bool training) const { module().train(training); }

void ScriptModule::SetRequiresGrad(bool required) const {
  for (at::Tensor parameter : module().parameters()) parameter.requires_grad_(required);
}

std::vector<std::pair<std::string, at::Tensor>> ScriptModule::Parameters() const {
  return Named(module().named_parameters());
}

std::vector<std::pair<std::string, at::Tensor>> ScriptModule::Buffers() const {
  return Named(module().named_buffers());
}

ScriptModule ScriptModule::Clone() const {
  const c10::NoGradGuard no_grad;  // or the copies would be computed from these and no leaves
  const ScriptModule clone(module().deepcopy(), file_);
  const auto originals = Parameters(), copies = clone.Parameters();
  for (size_t i = 0; i < originals.size(); ++i) {
    at::Tensor copy = copies[i].second;
    copy.requires_grad_(originals[i].second.requires_grad());
  }
  return clone;
}

void ScriptModule::MoveTo(const c10::Device& device) const { Convert(module(), device, std::nullopt); }

c10::Device ScriptModule::device() const {
  for (const at::Tensor& tensor : module().parameters()) return tensor.device();
  for (const at::Tensor& tensor : module().buffers()) return tensor.device();
  return c10::kCPU;
}

c10::ScalarType ScriptModule::dtype() const {
  for (const at::Tensor& tensor : module().parameters()) {
    if (tensor.is_floating_point()) return tensor.scalar_type();
  }
  for (const at::Tensor& tensor : module().buffers()) {
    if (tensor.is_floating_point()) return tensor.scalar_type();
  }
  return c10::kFloat;
}

torch::jit::Module& ScriptModule::module() const {
  TINT_CHECK(module_ != nullptr) << "an empty ScriptModule is used";
  return *module_;
}

}  // namespace tint
