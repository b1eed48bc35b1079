// SPDX-License-Identifier: Apache-2.0
// A TorchScript module behind a handle, so that <torch/script.h> stays out of headers. Only ModelSet opens such
// files (torch::jit::load is called in script_module.cc alone).
//
// The graph executor's optimiser is off wherever a module runs: it profiles the first calls and
// rewrites the graph for later ones, so that a resumed run would not compute the same bits as an uninterrupted one.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torch::jit {
struct Module;
}

namespace tint {

class ScriptModule {
 public:
  ScriptModule();  // empty
  // Shares the module; `file` names it in errors.
  explicit ScriptModule(const torch::jit::Module& module, std::string file = "");

  // From the bytes of a TorchScript archive whose hash the caller has checked. Loaded on the CPU, then moved (loading
  // straight to a device would move shape constants too, and each forward would wait for them). Floating-point
  // parameters and buffers become `dtype`, others keep theirs. `file` names it in errors. Not such an archive:
  // Error(kBadInput).
  static ScriptModule FromBytes(std::string_view bytes, const std::string& file, const c10::Device& device,
                                c10::ScalarType dtype);
  // As above, each tensor in the dtype it was saved in: what a restart needs.
  static ScriptModule FromBytes(std::string_view bytes, const std::string& file, const c10::Device& device);
  // Deterministic: two saves of equal modules are byte-identical (fixed archive name).
  std::string ToBytes() const;

  // Calls a method with tensors; returns its one tensor. An exception of TorchScript becomes Error(kInternal) that
  // names `file`, or Error(kOutOfMemory).
  at::Tensor Call(const std::string& method, const std::vector<at::Tensor>& inputs) const;

  bool HasMethod(const std::string& method) const;
  // "forward(Tensor, Tensor) -> Tensor" or "" where there is none: for messages.
  std::string DescribeMethod(const std::string& method) const;
  void SetTraining(bool training) const;                               // train() / eval()
  void SetRequiresGrad(bool required) const;                           // of all parameters
  std::vector<std::pair<std::string, at::Tensor>> Parameters() const;  // by name; the tensors themselves
  std::vector<std::pair<std::string, at::Tensor>> Buffers() const;
  // Shares nothing with this one.
  ScriptModule Clone() const;
  void MoveTo(const c10::Device& device) const;
  // Of the first floating-point parameter or buffer; the CPU and float32 where there is none.
  c10::Device device() const;
  c10::ScalarType dtype() const;
  torch::jit::Module& module() const;
  const std::string& file() const { return file_; }
  explicit operator bool() const { return module_ != nullptr; }

 private:
  std::shared_ptr<torch::jit::Module> module_;
  std::string file_;
};

}  // namespace tint
