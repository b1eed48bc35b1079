// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "tint/models/script_module.h"

namespace tint::internal {

// Restores the module's running statistics and counters on destruction, after forward passes in train mode.
class BatchNormStatsGuard {
 public:
  explicit BatchNormStatsGuard(const ScriptModule& module) {
    for (const auto& [name, buffer] : module.Buffers()) {
      buffers_.push_back(buffer);
      before_.push_back(buffer.clone());
    }
  }
  ~BatchNormStatsGuard() {
    // Through variable_data: autograd would otherwise report that a tensor of the backward pass was modified.
    for (size_t i = 0; i < buffers_.size(); ++i) buffers_[i].variable_data().copy_(before_[i]);
  }
  BatchNormStatsGuard(const BatchNormStatsGuard&) = delete;
  BatchNormStatsGuard& operator=(const BatchNormStatsGuard&) = delete;

 private:
  std::vector<at::Tensor> buffers_, before_;
};

}  // namespace tint::internal
