#pragma once

#include <c10/core/Device.h>

#include <chrono>

#include "tint/artifacts/stage_folder.h"

namespace tint {

// What this process has cost since the meter was made: wall time, and the peaks of memory.
class CostMeter {
 public:
  explicit CostMeter(const c10::Device& device) : device_(device) {}
  StageCost SoFar() const;

 private:
  c10::Device device_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace tint
