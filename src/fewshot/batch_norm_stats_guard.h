#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "tint/models/script_module.h"

namespace tint::internal {

// While it lives, forwards in train mode may move the module's running statistics and counters; then they are again
// what they were.
class BatchNormStatsGuard {
 public:
  explicit BatchNormStatsGuard(const ScriptModule& module) {
    for (const auto& [name, buffer] : module.Buffers()) {
      buffers_.push_back(buffer);
      before_.push_back(buffer.clone());
    }
  }
  ~BatchNormStatsGuard() {
    // Through other handles: autograd would take a change for one of what the backward pass needs.
    for (size_t i = 0; i < buffers_.size(); ++i) buffers_[i].variable_data().copy_(before_[i]);
  }
  BatchNormStatsGuard(const BatchNormStatsGuard&) = delete;
  BatchNormStatsGuard& operator=(const BatchNormStatsGuard&) = delete;

 private:
  std::vector<at::Tensor> buffers_, before_;
};

}  // namespace tint::internal
