// SPDX-License-Identifier: Apache-2.0
#include "tint/inversion/ddim_inversion.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "../models/tiny_modules.h"
#include "closed_form_world.h"
#include "tensor_matchers.h"

namespace tint {
namespace {

using ::testing::Not;
using tint::testing::ConstantContext;
using tint::testing::GaussianDenoiser;
using tint::testing::MakeModule;
using tint::testing::NonlinearDenoiser;
using tint::testing::TensorEquals;
using tint::testing::TensorNear;

constexpr double kMean = 1.25, kStd = 0.5;

class DdimInversion : public ::testing::Test {
 protected:
  const NoiseSchedule schedule_;
  const Denoiser denoiser_ = GaussianDenoiser(kStd);
  const at::Tensor photos_ = kMean + kStd * at::randn({2, 4, 8, 8}, at::kDouble);
  const at::Tensor context_ = ConstantContext(kMean, 2);

  std::vector<at::Tensor> Invert(int64_t steps) const {
    return InvertDdim(denoiser_, schedule_, photos_, SamplerTimesteps(steps, TimestepSpacing::kTrailing), context_);
  }
  // The largest difference between the photos and what denoising makes of their noise ends.
  double ReturnError(int64_t steps) const {
    const DenoiseOptions options{.guidance = 1, .timesteps = SamplerTimesteps(steps, TimestepSpacing::kTrailing)};
    const auto conditioning = [&](int64_t, const at::Tensor&) { return Conditioning{{}, context_}; };
    const at::Tensor back = Denoise(denoiser_, schedule_, Invert(steps).back(), options, conditioning);
    return (back - photos_).abs().max().item<double>();
  }
};

TEST_F(DdimInversion, KeepsEveryStopFromThePhotoUp) {
  const auto path = Invert(10);
  ASSERT_EQ(path.size(), 11u);
  EXPECT_THAT(path.front(), TensorEquals(photos_));
  // The first move: from abar_0, with the destination's prediction, timestep 99.
  const at::Tensor noise = denoiser_.PredictNoise(photos_, at::full({2}, 99, at::kLong), context_);
  EXPECT_THAT(path[1], TensorNear(DdimMove(photos_, noise, schedule_.AlphaBar(0), schedule_.AlphaBar(99)), 1e-12));
}

TEST_F(DdimInversion, ComesNearTheExactNoiseEnd) {
  const auto spread = [&](int64_t t) {
    return std::sqrt(schedule_.AlphaBar(t) * kStd * kStd + 1 - schedule_.AlphaBar(t));
  };
  const at::Tensor exact = std::sqrt(schedule_.AlphaBar(999)) * kMean +
                           spread(999) * (photos_ - std::sqrt(schedule_.AlphaBar(0)) * kMean) / spread(0);
  const auto error = [&](int64_t steps) { return (Invert(steps).back() - exact).abs().max().item<double>(); };
  EXPECT_LT(error(100), 0.6 * error(50));
  EXPECT_LT(error(1000), 0.05);
}

TEST_F(DdimInversion, DenoisingReturnsTowardsTheStart) {
  const double error50 = ReturnError(50), error100 = ReturnError(100);
  RecordProperty("error50", std::to_string(error50));
  RecordProperty("error100", std::to_string(error100));
  EXPECT_LE(error100, 0.6 * error50) << error50 << " at 50 steps, " << error100 << " at 100";
  EXPECT_LT(error50, 0.15);
}

TEST_F(DdimInversion, OneContextServesAllPhotos) {
  const auto timesteps = SamplerTimesteps(5, TimestepSpacing::kLeading);
  const auto one = InvertDdim(denoiser_, schedule_, photos_, timesteps, ConstantContext(kMean, 1));
  EXPECT_THAT(one.back(), TensorEquals(InvertDdim(denoiser_, schedule_, photos_, timesteps, context_).back()));
}

TEST_F(DdimInversion, PhotosOfABatchAreIndependent) {
  const Denoiser denoiser = NonlinearDenoiser();
  const at::Tensor photos = at::randn({3, 2, 4, 4}, at::kDouble), context = at::randn({3, 8, 3}, at::kDouble);
  const auto timesteps = SamplerTimesteps(5, TimestepSpacing::kTrailing);
  const at::Tensor together = InvertDdim(denoiser, schedule_, photos, timesteps, context).back();
  for (int64_t k = 0; k < 3; ++k) {
    const auto alone = InvertDdim(denoiser, schedule_, photos.narrow(0, k, 1), timesteps, context.narrow(0, k, 1));
    EXPECT_THAT(alone.back()[0], TensorNear(together[k], 1e-9, 1e-9));
  }
}

// Where the denoiser finds no noise, the schedule alone scales the photo; a path that repeated its start would be
// noticed here as well as above.
TEST_F(DdimInversion, WithoutNoiseTheScheduleScalesThePhoto) {
  const Denoiser silent(MakeModule("def forward(self, latents: Tensor, timesteps: Tensor, context: Tensor) -> Tensor:\n"
                                   "  return torch.zeros_like(latents)\n"),
                        {.sample_size = 8, .latent_channels = 4, .context_length = 8, .context_width = 3});
  const auto timesteps = SamplerTimesteps(4, TimestepSpacing::kTrailing);  // 999, 749, 499, 249
  const auto path = InvertDdim(silent, schedule_, photos_, timesteps, context_);
  ASSERT_EQ(path.size(), 5u);
  for (size_t stop = 1; stop < path.size(); ++stop) {
    const double abar = schedule_.AlphaBar(timesteps[timesteps.size() - stop]);
    EXPECT_THAT(path[stop], TensorNear(std::sqrt(abar / schedule_.AlphaBar(0)) * photos_, 1e-12)) << stop;
    EXPECT_THAT(path[stop], Not(TensorNear(photos_, 0.01))) << stop;
    EXPECT_THAT(Invert(4)[stop], Not(TensorNear(photos_, 0.01))) << stop;
  }
}

}  // namespace
}  // namespace tint
