// SPDX-License-Identifier: Apache-2.0
// Mean and Student-t interval of episode accuracies. docs/method.md, Episodes and confidence intervals.
#pragma once

#include <cstdint>
#include <vector>

namespace tint {

struct Interval {
  double mean = 0;
  double half_width = 0;  // t_{0.975, n-1} s / sqrt(n), s with n - 1; NaN for n = 1
  int64_t count = 0;
};

// t_{p, degrees}: 1.9801 for p = 0.975 and 119 degrees.
double StudentQuantile(double probability, double degrees);
// At least one value; all finite.
Interval StudentInterval(const std::vector<double>& values, double confidence = 0.95);

}  // namespace tint
