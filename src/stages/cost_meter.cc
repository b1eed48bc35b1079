// SPDX-License-Identifier: Apache-2.0
#include "tint/stages/cost_meter.h"

#include "tint/tensor/memory.h"

namespace tint {

StageCost CostMeter::SoFar() const {
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  return {.seconds = seconds,
          .device_seconds = device_.is_cpu() ? 0 : seconds,
          .peak_host_bytes = PeakHostBytes(),
          .peak_device_bytes = PeakDeviceBytes(device_)};
}

}  // namespace tint
