// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "tint/cpu/batch_norm_act.h"

namespace tint {

// The affine part of batch normalisation and its running statistics [C].
struct BatchNormTensors {
  const at::Tensor &weight, &bias, &running_mean, &running_variance;
};

// The batch's mean and 1 / sqrt(variance + epsilon), and the map a = scale x + shift they make; float32 [C].
struct BatchNormStats {
  at::Tensor mean, inverse_deviation, scale, shift;
};

// From each channel's mean and variance over `count` values. Updates the running statistics.
BatchNormStats UpdateStatistics(const std::vector<double>& means, const std::vector<double>& variances, double count,
                                const BatchNormTensors& tensors, const BatchNormActOptions& options);

}  // namespace tint
