// SPDX-License-Identifier: Apache-2.0
#include "tint/diffusion/noise_schedule.h"

#include <algorithm>
#include <cmath>

#include "tint/base/error.h"
#include "tint/base/text.h"

namespace tint {
namespace {

// Stable Diffusion 1.x (Rombach et al. 2022, arxiv.org/abs/2112.10752), the schedule that diffusers calls
// scaled_linear.
constexpr double kBetaStart = 0.00085;
constexpr double kBetaEnd = 0.012;

}  // namespace

NoiseSchedule::NoiseSchedule() {
  double alpha_bar = 1;
  for (int64_t t = 0; t < kTrainTimesteps; ++t) {
    const double share = static_cast<double>(t) / static_cast<double>(kTrainTimesteps - 1);
    const double root = std::sqrt(kBetaStart) + share * (std::sqrt(kBetaEnd) - std::sqrt(kBetaStart));
    alpha_bar *= 1 - root * root;
    alpha_bars_.push_back(alpha_bar);
  }
}

double NoiseSchedule::AlphaBar(int64_t timestep) const {
  TINT_CHECK_GE(timestep, 0);
  TINT_CHECK_LT(timestep, kTrainTimesteps);
  return alpha_bars_[static_cast<size_t>(timestep)];
}

std::vector<int64_t> SamplerTimesteps(int64_t steps, TimestepSpacing spacing) {
  constexpr int64_t kT = NoiseSchedule::kTrainTimesteps;
  const bool trailing = spacing == TimestepSpacing::kTrailing;
  // 1,000 leading steps with offset 1 would begin at timestep 1,000, which the schedule does not have.
  const int64_t most = trailing ? kT : kT - 1;
  if (steps < 1 || steps > most)
    Fail(ExitCode::kBadConfiguration, {.field = "null-text-inversion.steps",
                                       .found = std::to_string(steps),
                                       .expected = "1 to " + std::to_string(most)});
  std::vector<int64_t> timesteps;
  for (int64_t i = 0; i < steps; ++i) {
    if (trailing) {
      // Ties go to the even number, as in numpy, which both diffusers and the published code round with.
      const double position = static_cast<double>(kT) - static_cast<double>(i * kT) / static_cast<double>(steps);
      timesteps.push_back(static_cast<int64_t>(std::nearbyint(position)) - 1);
    } else {
      timesteps.push_back((steps - 1 - i) * (kT / steps) + 1);  // offset 1: "steps_offset" of Stable Diffusion
    }
  }
  return timesteps;
}

}  // namespace tint
