// SPDX-License-Identifier: Apache-2.0
// Adam (Kingma & Ba 2015) and AdamW (Loshchilov & Hutter 2019) on plain tensors, so that their state can be saved
// whole.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace tint {

struct AdamOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.0;  // decoupled: value <- value - lr * decay * value - Adam step
};

// One update in place. `step` counts from 1 and corrects the moments' bias. All tensors of one shape. `active` (same
// leading dimension, bool, or undefined for all): rows that are false keep value and moments.
void AdamStep(at::Tensor& value, const at::Tensor& gradient, at::Tensor& first_moment, at::Tensor& second_moment,
              int64_t step, const AdamOptions& options, const at::Tensor& active = {});

}  // namespace tint
