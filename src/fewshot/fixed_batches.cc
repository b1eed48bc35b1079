// SPDX-License-Identifier: Apache-2.0
#include "fixed_batches.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <vector>

#include "tint/base/error.h"

namespace tint::internal {

at::Tensor EvaluateInBatches(const at::Tensor& images, int64_t batch, const c10::Device& device,
                             const std::function<at::Tensor(const at::Tensor&)>& compute,
                             const std::function<void(int64_t)>& after_batch) {
  const c10::NoGradGuard no_grad;
  const int64_t count = images.size(0);
  TINT_CHECK_GT(count, 0);
  std::vector<at::Tensor> results;
  for (int64_t first = 0; first < count; first += batch) {
    const int64_t rows = std::min(batch, count - first);
    at::Tensor part = images.narrow(0, first, rows);
    if (rows < batch) {
      std::vector<int64_t> missing = images.sizes().vec();
      missing[0] = batch - rows;
      part = at::cat({part, at::zeros(missing, images.options())});
    }
    results.push_back(compute(part.to(device)).narrow(0, 0, rows).to(at::kCPU, at::kFloat));
    if (after_batch) after_batch(first + rows);
  }
  return at::cat(results);
}

}  // namespace tint::internal
