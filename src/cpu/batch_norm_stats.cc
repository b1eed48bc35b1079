// SPDX-License-Identifier: Apache-2.0
#include "batch_norm_stats.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>

namespace tint {

BatchNormStats UpdateStatistics(const std::vector<double>& means, const std::vector<double>& variances, double count,
                                const BatchNormTensors& tensors, const BatchNormActOptions& options) {
  const auto channels = static_cast<int64_t>(means.size());
  BatchNormStats statistics;
  for (at::Tensor* tensor : {&statistics.mean, &statistics.inverse_deviation, &statistics.scale, &statistics.shift})
    *tensor = at::empty({channels}, at::kFloat);
  const at::Tensor gamma = tensors.weight.detach().contiguous(), beta = tensors.bias.detach().contiguous();
  for (int64_t c = 0; c < channels; ++c) {
    const double mean = means[static_cast<size_t>(c)], variance = std::max(0.0, variances[static_cast<size_t>(c)]);
    const double inverse = 1 / std::sqrt(variance + options.epsilon);
    const double scale = inverse * static_cast<double>(gamma.const_data_ptr<float>()[c]);
    statistics.mean.mutable_data_ptr<float>()[c] = static_cast<float>(mean);
    statistics.inverse_deviation.mutable_data_ptr<float>()[c] = static_cast<float>(inverse);
    statistics.scale.mutable_data_ptr<float>()[c] = static_cast<float>(scale);
    statistics.shift.mutable_data_ptr<float>()[c] =
        static_cast<float>(static_cast<double>(beta.const_data_ptr<float>()[c]) - mean * scale);
    const auto follow = [&](const at::Tensor& running, double value) {
      float& now = running.mutable_data_ptr<float>()[c];
      now = static_cast<float>((1 - options.momentum) * static_cast<double>(now) + options.momentum * value);
    };
    follow(tensors.running_mean, mean);
    follow(tensors.running_variance, variance * count / std::max(1.0, count - 1));
  }
  return statistics;
}

}  // namespace tint
