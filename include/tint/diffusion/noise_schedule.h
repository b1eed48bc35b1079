// SPDX-License-Identifier: Apache-2.0
// Stable Diffusion's noise schedule: the only file with a schedule constant. arXiv 2112.10752; docs/method.md, Noise
// schedule and DDIM.
#pragma once

#include <cstdint>
#include <vector>

#include "tint/options/enum_names.h"

namespace tint {

// beta_t = (sqrt(0.00085) + t/(T-1) (sqrt(0.012) - sqrt(0.00085)))^2, T = 1000; abar_t = prod_{s<=t} (1 - beta_s), in
// double.
class NoiseSchedule {
 public:
  static constexpr int64_t kTrainTimesteps = 1000;

  NoiseSchedule();
  // 0 <= timestep < 1000. abar_0 = 0.99915.
  double AlphaBar(int64_t timestep) const;
  const std::vector<double>& alpha_bars() const { return alpha_bars_; }

 private:
  std::vector<double> alpha_bars_;
};

enum class TimestepSpacing { kTrailing, kLeading };
template <>
struct EnumNames<TimestepSpacing> {
  static constexpr EnumName<TimestepSpacing> kNames[] = {{TimestepSpacing::kTrailing, "trailing"},
                                                         {TimestepSpacing::kLeading, "leading"}};
};

// The sampler's timesteps for `steps` steps, descending. Trailing: round(T - i T/N) - 1 (50: 999, 979, ..., 19);
// leading: (N - 1 - i) floor(T/N) + 1 (50: 981, 961, ..., 1; at most 999 steps). Error(kBadConfiguration) for
// steps outside 1...1000.
std::vector<int64_t> SamplerTimesteps(int64_t steps, TimestepSpacing spacing);

}  // namespace tint
