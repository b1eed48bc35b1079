// SPDX-License-Identifier: Apache-2.0
// The checkpoint of a training that runs in steps (distill, pretraining): training.safetensors in `.partial/`.
//
//   parameter.NAME, buffer.NAME   tensors of the module that is trained (models/module_tensors.h)
//   GROUP.NAME                    further tensors by the module's names, such as an optimiser's: momentum.NAME,
//                                 first.NAME, second.NAME, best.NAME
//   any other name                of the training itself: losses, step, counts, ...
//
// A list of numbers (AddNumbers) is a float64 tensor whose first element is 0 and does not belong to the list, because
// a tensor in tint's safetensors files has at least one element and a list may be empty.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "tint/models/script_module.h"
#include "tint/tensor/safetensors.h"

namespace tint {

inline constexpr char kTrainingCheckpointFile[] = "training.safetensors";

class TrainingCheckpoint {
 public:
  std::string Serialize() const;
  static TrainingCheckpoint Parse(const std::string& bytes);

  void AddModule(const ScriptModule& module);
  // Copies them into the module's own tensors. One that is missing, or of another shape, throws.
  void RestoreModule(const ScriptModule& module) const;

  void AddGroup(const std::string& group, const NamedTensors& tensors);
  NamedTensors Group(const std::string& group) const;

  void AddNumbers(const std::string& name, const std::vector<double>& numbers);
  std::vector<double> Numbers(const std::string& name) const;

  void Add(const std::string& name, const at::Tensor& tensor);
  bool Has(const std::string& name) const { return tensors_.count(name) > 0; }
  const at::Tensor& Get(const std::string& name) const { return tensors_.at(name); }

 private:
  NamedTensors tensors_;
};

}  // namespace tint
