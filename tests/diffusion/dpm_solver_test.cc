// SPDX-License-Identifier: Apache-2.0
// DPM-Solver++(2M) against its formula, and where it should be better than DDIM.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <cmath>

#include "closed_form_world.h"
#include "tensor_matchers.h"
#include "tint/diffusion/denoise.h"

namespace tint {
namespace {

using testing::TensorNear;

at::Tensor Sample(const Denoiser& denoiser, const at::Tensor& start, int64_t steps, Sampler sampler) {
  const Conditioning conditioning{testing::ConstantContext(0), testing::ConstantContext(0.5)};
  return Denoise(denoiser, NoiseSchedule(), start,
                 {.guidance = 1, .timesteps = SamplerTimesteps(steps, TimestepSpacing::kTrailing), .sampler = sampler},
                 [&](int64_t, const at::Tensor&) { return conditioning; });
}

// Lu et al. 2022, algorithm 2, in their own variables.
TEST(DpmSolver, EqualsTheFormula) {
  const double from = 0.3, to = 0.5, before_from = 0.2;
  const auto lambda = [](double abar) { return 0.5 * std::log(abar / (1 - abar)); };
  const at::Tensor z = at::randn({1, 2, 3, 3}, at::kDouble), eps = at::randn({1, 2, 3, 3}, at::kDouble);
  const at::Tensor earlier = at::randn({1, 2, 3, 3}, at::kDouble);
  const double h = lambda(to) - lambda(from), r = (lambda(from) - lambda(before_from)) / h;
  const at::Tensor x0 = (z - std::sqrt(1 - from) * eps) / std::sqrt(from);
  const at::Tensor d = (1 + 1 / (2 * r)) * x0 - 1 / (2 * r) * earlier;
  const at::Tensor expected = std::sqrt((1 - to) / (1 - from)) * z - std::sqrt(to) * (std::exp(-h) - 1) * d;
  DpmSolverStep before{earlier, lambda(from) - lambda(before_from)};
  EXPECT_THAT(DpmSolverMove(z, eps, from, to, false, &before), TensorNear(expected, 1e-12));
  EXPECT_THAT(before.clean, TensorNear(x0, 1e-12));
}

// Of first order it is DDIM (the paper's section 4.3).
TEST(DpmSolver, OfFirstOrderIsDdim) {
  const at::Tensor z = at::randn({1, 2, 3, 3}, at::kDouble), eps = at::randn({1, 2, 3, 3}, at::kDouble);
  DpmSolverStep before;
  EXPECT_THAT(DpmSolverMove(z, eps, 0.3, 0.5, true, &before), TensorNear(DdimMove(z, eps, 0.3, 0.5), 1e-12));
}

// The flow of a Gaussian world is known: from the same noise, many DDIM steps end where the equation does.
TEST(DpmSolver, IsMoreAccurateThanDdimInAsManySteps) {
  const Denoiser denoiser = testing::GaussianDenoiser(0.5);
  const at::Tensor start = at::randn({1, 4, 8, 8}, at::kDouble), exact = Sample(denoiser, start, 1000, Sampler::kDdim);
  const auto error = [&](Sampler sampler) {
    return (Sample(denoiser, start, 20, sampler) - exact).square().mean().sqrt().item<double>();
  };
  EXPECT_LT(error(Sampler::kDpmSolver), 0.7 * error(Sampler::kDdim));
}

}  // namespace
}  // namespace tint
