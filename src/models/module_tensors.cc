// SPDX-License-Identifier: Apache-2.0
#include "tint/models/module_tensors.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

namespace tint {

void AddTensors(const ScriptModule& module, NamedTensors* tensors) {
  for (const auto& [name, tensor] : module.Parameters()) (*tensors)["parameter." + name] = tensor.detach();
  for (const auto& [name, tensor] : module.Buffers()) (*tensors)["buffer." + name] = tensor;
}

void RestoreTensors(const NamedTensors& tensors, const ScriptModule& module) {
  const c10::NoGradGuard no_grad;
  for (const auto& [name, tensor] : module.Parameters()) tensor.copy_(tensors.at("parameter." + name));
  for (const auto& [name, tensor] : module.Buffers()) tensor.copy_(tensors.at("buffer." + name));
}

NamedTensors CopyOfTensors(const ScriptModule& module) {
  NamedTensors copies;
  for (const auto& own : {module.Parameters(), module.Buffers()}) {
    for (const auto& [name, tensor] : own) copies[name] = tensor.detach().to(at::kCPU).clone();
  }
  return copies;
}

void CopyTensors(const NamedTensors& tensors, const ScriptModule& module) {
  const c10::NoGradGuard no_grad;
  for (const auto& own : {module.Parameters(), module.Buffers()}) {
    for (const auto& [name, tensor] : own) tensor.copy_(tensors.at(name));
  }
}

}  // namespace tint
