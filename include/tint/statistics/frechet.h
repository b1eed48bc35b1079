// SPDX-License-Identifier: Apache-2.0
// Fréchet distance of two Gaussians fitted to feature vectors: FID. arXiv 1706.08500; docs/method.md, FID at 64
// dimensions.
//
//   FID = |mu_1 - mu_2|^2 + tr S_1 + tr S_2 - 2 tr (S_1 S_2)^{1/2}
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace tint {

struct FeatureMoments {
  at::Tensor mean;        // float64 [D]
  at::Tensor covariance;  // float64 [D, D], with n - 1
  int64_t count = 0;
};

// features [M, D], any floating dtype, M >= 2, finite: else Error(kInternal). Computed in float64 on the CPU.
FeatureMoments MomentsOf(const at::Tensor& features);

// tr (A B)^{1/2} = sum of the roots of the eigenvalues of A^{1/2} B A^{1/2}, symmetric and, up to rounding,
// without negative ones, so that a singular covariance (fewer samples than features) needs no special case: it has
// eigenvalues 0. Where the result is not finite, 1e-6 I is added to both inside this term alone, as pytorch-fid does.
// a, b float64 [D, D], symmetric, positive semidefinite: an eigenvalue below -1e-3 times the largest, the counterpart
// of an imaginary part of the root, is Error(kInternal).
double TraceOfRoot(const at::Tensor& a, const at::Tensor& b);

// Not below 0 but for rounding. Different D: Error(kInternal).
double FrechetDistance(const FeatureMoments& a, const FeatureMoments& b);

}  // namespace tint
