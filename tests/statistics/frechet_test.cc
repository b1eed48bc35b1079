// SPDX-License-Identifier: Apache-2.0
#include "tint/statistics/frechet.h"

#include <ATen/ATen.h>

#include <cmath>

#include "prelude.h"
#include "tensor_matchers.h"
#include "tint/tensor/random.h"

namespace tint {
namespace {

using testing::TensorNear;

at::Tensor NormalRows(int64_t rows, int64_t width, uint64_t seed) {
  RandomStream random({.seed = seed, .stage = "features"});
  return random.Normal({rows, width});
}

// sin(a + 3k + 5j^2 + b k j) + 0.1 j: rows that another program can make as well.
at::Tensor Waves(int64_t rows, int64_t width, double a, double b) {
  const at::Tensor k = at::arange(rows, at::kDouble).unsqueeze(1), j = at::arange(width, at::kDouble).unsqueeze(0);
  return at::sin(a + 3 * k + 5 * j * j + b * k * j) + 0.1 * j;
}

// numpy.cov and scipy.linalg.sqrtm (numpy 2.4.6, scipy 1.17.1) on the same rows.
TEST(FrechetDistance, EqualsScipy) {
  const FeatureMoments x = MomentsOf(Waves(12, 4, 1, 0.7)), y = MomentsOf(Waves(9, 4, 2, 0.3) * 1.5 + 0.2);
  EXPECT_NEAR(TraceOfRoot(x.covariance, y.covariance), 3.049795490875515, 1e-12);
  EXPECT_NEAR(FrechetDistance(x, y), 2.563900975528048, 1e-12);
  EXPECT_NEAR(FrechetDistance(y, x), 2.563900975528048, 1e-12);
  EXPECT_EQ(x.count, 12);
}

// |mu_1 - mu_2|^2 + sum (sqrt v_1 - sqrt v_2)^2, and the same after any common rotation.
TEST(FrechetDistance, OfDiagonalGaussiansHasAClosedForm) {
  const at::Tensor v1 = at::arange(1, 9, at::kDouble), v2 = at::pow(at::arange(8, at::kDouble), 2) / 5;
  const at::Tensor m1 = at::zeros({8}, at::kDouble), m2 = at::linspace(-1, 2, 8, at::kDouble);
  const double expected = (at::pow(m1 - m2, 2) + at::pow(v1.sqrt() - v2.sqrt(), 2)).sum().item<double>();
  EXPECT_NEAR(FrechetDistance({m1, at::diag(v1), 100}, {m2, at::diag(v2), 100}), expected, 1e-10);
  const at::Tensor turn = std::get<0>(at::linalg_qr(NormalRows(8, 8, 1).to(at::kDouble)));
  const auto turned = [&](const at::Tensor& mean, const at::Tensor& variances) {
    return FeatureMoments{at::matmul(turn, mean), at::matmul(turn * variances, turn.t()), 100};
  };
  EXPECT_NEAR(FrechetDistance(turned(m1, v1), turned(m2, v2)), expected, 1e-10);
}

// Also where there are fewer samples than features, so that the covariance is singular.
TEST(FrechetDistance, OfADistributionToItselfIsZero) {
  for (const int64_t rows : {300, 40, 2}) {
    const FeatureMoments moments = MomentsOf(NormalRows(rows, 64, 2) * 3 + 1);
    EXPECT_NEAR(FrechetDistance(moments, moments), 0, 1e-9) << rows;
  }
  const FeatureMoments constant = MomentsOf(at::ones({10, 5}));
  EXPECT_EQ(FrechetDistance(constant, constant), 0);
}

TEST(FrechetDistance, OfAShiftIsItsSquare) {
  const at::Tensor rows = NormalRows(200, 16, 3).to(at::kDouble);
  EXPECT_NEAR(FrechetDistance(MomentsOf(rows), MomentsOf(rows + 0.5)), 16 * 0.25, 1e-10);
}

TEST(FeatureMoments, AreThoseOfTheSampleWithNLessOne) {
  const FeatureMoments moments = MomentsOf(at::tensor({1.0, 10.0, 2.0, 30.0, 3.0, 20.0}).reshape({3, 2}));
  EXPECT_THAT(moments.mean, TensorNear(at::tensor({2.0, 20.0}, at::kDouble), 1e-14));
  EXPECT_THAT(moments.covariance, TensorNear(at::tensor({1.0, 5.0, 5.0, 100.0}, at::kDouble).reshape({2, 2}), 1e-12));
  EXPECT_EQ(MomentsOf(at::ones({3, 2}, at::kHalf)).mean.scalar_type(), at::kDouble);
}

TEST(FeatureMoments, RefuseInvalidFeatures) {
  EXPECT_THAT(CatchError([] { MomentsOf(at::ones({1, 4})); }), FailsWith(ExitCode::kInternal, HasSubstr("samples")));
  EXPECT_THAT(CatchError([] {
                MomentsOf(at::full({3, 4}, std::nan("")));
              }),
              FailsWith(ExitCode::kInternal, HasSubstr("not finite")));
  const at::Tensor negative = at::diag(at::tensor({1.0, -0.5}, at::kDouble));
  EXPECT_THAT(CatchError([&] { TraceOfRoot(negative, negative); }),
              FailsWith(ExitCode::kInternal, HasSubstr("eigenvalue")));
}

}  // namespace
}  // namespace tint
