// SPDX-License-Identifier: Apache-2.0
// Evaluation in batches of a fixed size, so that results do not depend on the other images of a batch.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

namespace tint::internal {

// Calls `compute` with batches of exactly `batch` images (the last one padded with zeros) on `device`, and returns the
// concatenated results, float32 on the CPU: [M, ...]. No gradient. M = 0 is an internal error.
at::Tensor EvaluateInBatches(const at::Tensor& images, int64_t batch, const c10::Device& device,
                             const std::function<at::Tensor(const at::Tensor&)>& compute,
                             const std::function<void(int64_t)>& after_batch);

}  // namespace tint::internal
