// SPDX-License-Identifier: Apache-2.0
#include "tint/statistics/frechet.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

#include "tint/base/error.h"

namespace tint {
namespace {

constexpr double kOffset = 1e-6;               // pytorch-fid's eps
constexpr double kMinEigenvalueShare = -1e-3;  // share of the largest eigenvalue

// Eigenvalues within the rounding of the largest one (the bound by which NumPy counts a matrix's rank) are taken as 0:
// a singular covariance, of fewer samples than features, has many, and the root of 1e-16 is 1e-8.
at::Tensor SymmetricRoot(const at::Tensor& matrix) {
  const auto [values, vectors] = at::linalg_eigh(matrix);
  const double largest = values.abs().max().item<double>();
  const double rounding = static_cast<double>(matrix.size(0)) * std::numeric_limits<double>::epsilon() * largest;
  TINT_CHECK(!(values.min().item<double>() < kMinEigenvalueShare * largest))
      << "a covariance with eigenvalue " << values.min().item<double>();
  return at::matmul(vectors * at::where(values > rounding, values, 0).sqrt(), vectors.t());
}

// tr (A^{1/2} B A^{1/2})^{1/2} is the sum of the singular values of A^{1/2} B^{1/2}: this avoids roots of eigenvalues
// that consist of rounding errors.
double RootWithOffset(const at::Tensor& a, const at::Tensor& b, double offset) {
  const at::Tensor identity = offset * at::eye(a.size(0), a.options());
  return at::linalg_svdvals(at::matmul(SymmetricRoot(a + identity), SymmetricRoot(b + identity))).sum().item<double>();
}

void CheckCovariance(const at::Tensor& matrix) {
  TINT_CHECK(matrix.dim() == 2 && matrix.size(0) == matrix.size(1)) << matrix.sizes();
  TINT_CHECK(matrix.scalar_type() == at::kDouble) << matrix.scalar_type();
  TINT_CHECK(matrix.isfinite().all().item<bool>()) << "a covariance that is not finite";
}

}  // namespace

FeatureMoments MomentsOf(const at::Tensor& features) {
  TINT_CHECK_EQ(features.dim(), 2);
  TINT_CHECK_GT(features.size(0), 1) << "samples";
  const at::Tensor rows = features.to(at::kCPU, at::kDouble);
  TINT_CHECK(rows.isfinite().all().item<bool>()) << "features that are not finite";
  FeatureMoments moments{.mean = rows.mean(0), .covariance = {}, .count = rows.size(0)};
  const at::Tensor centred = rows - moments.mean;
  moments.covariance = at::matmul(centred.t(), centred) / static_cast<double>(rows.size(0) - 1);
  return moments;
}

double TraceOfRoot(const at::Tensor& a, const at::Tensor& b) {
  CheckCovariance(a);
  CheckCovariance(b);
  TINT_CHECK_EQ(a.size(0), b.size(0));
  const double trace = RootWithOffset(a, b, 0);
  return std::isfinite(trace) ? trace : RootWithOffset(a, b, kOffset);
}

double FrechetDistance(const FeatureMoments& a, const FeatureMoments& b) {
  TINT_CHECK_EQ(a.mean.size(0), b.mean.size(0));
  const at::Tensor shift = a.mean - b.mean;
  return (shift * shift).sum().item<double>() + a.covariance.trace().item<double>() +
         b.covariance.trace().item<double>() - 2 * TraceOfRoot(a.covariance, b.covariance);
}

}  // namespace tint
