// SPDX-License-Identifier: Apache-2.0
#include "tint/tensor/matmul_rate.h"

#include <ATen/ops/full.h>
#include <ATen/ops/mm.h>

#include <algorithm>
#include <chrono>

#include "tint/tensor/device.h"

namespace tint {

double MeasureMatmulRate(const c10::Device& device, c10::ScalarType dtype) {
  constexpr int64_t kSize = 1024;
  constexpr int kTries = 5;  // the first also wakes threads and loads kernels
  const auto options = at::TensorOptions().dtype(dtype).device(device);
  const at::Tensor a = at::full({kSize, kSize}, 0.5, options);
  const at::Tensor b = at::full({kSize, kSize}, 0.25, options);
  double best_seconds = 0;
  for (int i = 0; i < kTries; ++i) {
    Synchronize(device);
    const auto start = std::chrono::steady_clock::now();
    at::mm(a, b);
    Synchronize(device);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (i == 0 || seconds < best_seconds) best_seconds = seconds;
  }
  return 2.0 * kSize * kSize * kSize / std::max(best_seconds, 1e-9);
}

}  // namespace tint
