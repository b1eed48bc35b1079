// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/training_checkpoint.h"

#include <ATen/ops/tensor.h>

#include "tint/models/module_tensors.h"

namespace tint {

std::string TrainingCheckpoint::Serialize() const { return SerializeSafetensors(tensors_); }

TrainingCheckpoint TrainingCheckpoint::Parse(const std::string& bytes) {
  TrainingCheckpoint checkpoint;
  checkpoint.tensors_ = ParseSafetensors(bytes, kTrainingCheckpointFile);
  return checkpoint;
}

void TrainingCheckpoint::AddModule(const ScriptModule& module) { AddTensors(module, &tensors_); }

void TrainingCheckpoint::RestoreModule(const ScriptModule& module) const { RestoreTensors(tensors_, module); }

void TrainingCheckpoint::AddGroup(const std::string& group, const NamedTensors& tensors) {
  for (const auto& [name, tensor] : tensors) tensors_[group + "." + name] = tensor;
}

NamedTensors TrainingCheckpoint::Group(const std::string& group) const {
  NamedTensors tensors;
  const std::string prefix = group + ".";
  for (const auto& [name, tensor] : tensors_) {
    if (name.starts_with(prefix)) tensors[name.substr(prefix.size())] = tensor;
  }
  return tensors;
}

void TrainingCheckpoint::AddNumbers(const std::string& name, const std::vector<double>& numbers) {
  std::vector<double> all = {0};
  all.insert(all.end(), numbers.begin(), numbers.end());
  tensors_[name] = at::tensor(all, at::kDouble);
}

std::vector<double> TrainingCheckpoint::Numbers(const std::string& name) const {
  const at::Tensor& all = tensors_.at(name);
  return {all.const_data_ptr<double>() + 1, all.const_data_ptr<double>() + all.numel()};
}

void TrainingCheckpoint::Add(const std::string& name, const at::Tensor& tensor) { tensors_[name] = tensor; }

}  // namespace tint
