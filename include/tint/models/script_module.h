// A TorchScript module behind a handle, so that <torch/script.h> stays out of headers. The one place that opens such files
// is ModelSet (torch::jit::load stands in script_module.cc alone).
//
// The graph executor's optimiser is switched off for the whole process: it profiles the first calls and rewrites the graph
// for later ones, so that a restarted run would not compute the same bits as one that ran through.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace torch::jit {
struct Module;
}

namespace tint {

class ScriptModule {
 public:
  ScriptModule();  // empty
  explicit ScriptModule(const torch::jit::Module& module);  // shares the module

  // From the bytes of a TorchScript archive whose hash the caller has checked. Loaded on the CPU, then moved (loading
  // straight to a device would move shape constants too, and each forward would wait for them). `file` names it in errors.
  static ScriptModule FromBytes(const std::string& bytes, const std::string& file, const c10::Device& device, c10::ScalarType dtype);
  // Deterministic: two saves of equal modules are byte-identical (fixed archive name).
  std::string ToBytes() const;

  // Calls a method with tensors; one tensor comes back. An exception of TorchScript becomes Error(kInternal) that names `file`.
  at::Tensor Call(const std::string& method, const std::vector<at::Tensor>& inputs) const;

  bool HasMethod(const std::string& method) const;
  void SetTraining(bool training) const;                            // train() / eval()
  std::vector<std::pair<std::string, at::Tensor>> Parameters() const;  // by name; the tensors themselves
  std::vector<std::pair<std::string, at::Tensor>> Buffers() const;
  torch::jit::Module& module() const;
  const std::string& file() const { return file_; }
  explicit operator bool() const { return module_ != nullptr; }

 private:
  std::shared_ptr<torch::jit::Module> module_;
  std::string file_;
};

}  // namespace tint
