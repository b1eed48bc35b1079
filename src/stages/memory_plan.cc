// SPDX-License-Identifier: Apache-2.0
#include "tint/stages/memory_plan.h"

#include <algorithm>

#include "tint/base/error.h"
#include "tint/base/log.h"
#include "tint/base/text.h"
#include "tint/tensor/memory.h"

namespace tint {
namespace {

// The rest is for what other stages of the batch add, and for fragmentation.
constexpr double kUsableShare = 0.9;

}  // namespace

void CheckBatchFitsMemory(const c10::Device& device, const BatchPlan& plan, const std::function<void()>& one_sample) {
  ResetPeaks(device);
  const uint64_t held = HeldBytes(device);
  one_sample();
  const uint64_t peak = device.is_cpu() ? PeakHostBytes() : PeakDeviceBytes(device);
  const uint64_t sample = peak > held ? peak - held : 0;
  const uint64_t available = AvailableBytes(device) + sample;
  const uint64_t expected = sample * static_cast<uint64_t>(plan.batch_size);
  spdlog::info("{}: {} {} in one batch ({}; {}), about {} for them, {} available", plan.stage, plan.batch_size,
               plan.unit, plan.why, plan.option, FormatBytes(expected), FormatBytes(available));
  if (available == 0 || static_cast<double>(expected) <= kUsableShare * static_cast<double>(available)) return;
  const auto fits = std::max<int64_t>(
      1, static_cast<int64_t>(kUsableShare * static_cast<double>(available) / static_cast<double>(sample)));
  Fail(ExitCode::kOutOfMemory, {.field = plan.stage,
                                .found = FormatBytes(available) + " of memory available",
                                .expected = "about " + FormatBytes(expected) + " for " +
                                            std::to_string(plan.batch_size) + " " + plan.unit + " in one batch",
                                .remedy = "Try " + plan.option + " " + std::to_string(fits) + "."});
}

}  // namespace tint
