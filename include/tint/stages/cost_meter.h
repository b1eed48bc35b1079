// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/Device.h>

#include <chrono>

#include "tint/artifacts/completed_stage.h"

namespace tint {

// The cost of this process since the meter was made: wall time, and the peaks of memory.
class CostMeter {
 public:
  explicit CostMeter(const c10::Device& device) : device_(device) {}
  StageCost SoFar() const;

 private:
  c10::Device device_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace tint
