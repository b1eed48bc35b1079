// SPDX-License-Identifier: Apache-2.0
// The batch size and the memory that it will take, reported before the work begins.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <functional>
#include <string>

namespace tint {

struct BatchPlan {
  std::string stage;       // "generate"
  std::string option;      // "--generate.batch-size"
  std::string unit;        // "images"
  int64_t batch_size = 1;  // samples of one batch
  std::string why;         // "the default on a CPU"
};

// Runs `one_sample` (the work of a batch of one), measures what it takes beyond what is held already, logs batch size
// and expected memory, and throws Error(kOutOfMemory), naming the size that fits, where there is less.
void CheckBatchFitsMemory(const c10::Device& device, const BatchPlan& plan, const std::function<void()>& one_sample);

}  // namespace tint
