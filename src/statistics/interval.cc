// SPDX-License-Identifier: Apache-2.0
#include "tint/statistics/interval.h"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

#include "tint/base/error.h"

namespace tint {

double StudentQuantile(double probability, double degrees) {
  TINT_CHECK(probability > 0 && probability < 1) << "probability " << probability;
  TINT_CHECK(degrees > 0 && std::isfinite(degrees)) << "degrees of freedom " << degrees;
  return boost::math::quantile(boost::math::students_t(degrees), probability);
}

Interval StudentInterval(const std::vector<double>& values, double confidence) {
  TINT_CHECK(!values.empty());
  TINT_CHECK(confidence > 0 && confidence < 1) << "confidence " << confidence;
  const auto count = static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) {
    TINT_CHECK(std::isfinite(value)) << "value " << value;
    sum += value;
  }
  Interval interval{.mean = sum / count, .count = static_cast<int64_t>(values.size())};
  if (values.size() == 1) {
    interval.half_width = std::numeric_limits<double>::quiet_NaN();
    return interval;
  }
  // Two passes: sum(x^2) - n mean^2 would lose every digit where the values lie close together.
  double squares = 0;
  for (const double value : values) squares += (value - interval.mean) * (value - interval.mean);
  const double deviation = std::sqrt(squares / (count - 1));
  interval.half_width = StudentQuantile(0.5 + confidence / 2, count - 1) * deviation / std::sqrt(count);
  return interval;
}

}  // namespace tint
