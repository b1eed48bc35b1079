// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace tint::internal {

inline constexpr int64_t kInvariantWidth = 64;  // outputs of the invariant head, and width of the memory bank

// IER's contrast of two batches of vectors [B, 64] against negatives [K, 64] (arXiv 2103.01315):
//   -mean_i log( e^{cos(a_i, b_i) / t} / (e^{cos(a_i, b_i) / t} + sum_n e^{cos(b_i, n) / t} + 1e-6) ),
// 1e-6 added to norms.
at::Tensor ContrastiveLoss(const at::Tensor& a, const at::Tensor& b, const at::Tensor& negatives, double temperature);

// (NCE(memory, z_0) + sum_{m >= 1} NCE(z_0, z_m)) / 16 of `views` [16 B, 64], view m in rows m B ... (m + 1) B - 1, and
// the images' rows of the memory bank [B, 64].
at::Tensor InvariantLoss(const at::Tensor& views, const at::Tensor& memory, const at::Tensor& negatives,
                         double temperature);

}  // namespace tint::internal
