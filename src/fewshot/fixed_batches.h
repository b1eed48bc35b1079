// Evaluation in batches of a fixed size, so that no result depends on what else is in the batch.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

namespace tint::internal {

// Feeds `compute` batches of exactly `batch` images (the last one filled up with zeros) moved to `device`, and returns
// the results' rows joined, float32 on the CPU: [M, ...]. No gradient. M = 0 is an internal error.
at::Tensor ForEachBatch(const at::Tensor& images, int64_t batch, const c10::Device& device,
                        const std::function<at::Tensor(const at::Tensor&)>& compute,
                        const std::function<void(int64_t)>& after_batch);

}  // namespace tint::internal
