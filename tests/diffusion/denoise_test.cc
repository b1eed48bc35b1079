// SPDX-License-Identifier: Apache-2.0
#include "tint/diffusion/denoise.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include "closed_form_world.h"
#include "tensor_matchers.h"

namespace tint {
namespace {

using tint::testing::ConstantContext;
using tint::testing::GaussianDenoiser;
using tint::testing::NonlinearDenoiser;
using tint::testing::RampDenoiser;
using tint::testing::TensorEquals;
using tint::testing::TensorNear;

constexpr double kMean = 1.25;

at::Tensor Images(int64_t batch, int64_t channels = 4) { return at::randn({batch, channels, 8, 8}, at::kDouble); }

// [1, 2, 2, 3]: 0/12, 1/12, ... - 0.3.
at::Tensor Ramp() { return (at::arange(12, at::kDouble) / 12 - 0.3).reshape({1, 2, 2, 3}); }

ConditioningAtStep Always(const at::Tensor& unconditional, const at::Tensor& conditional) {
  return [=](int64_t, const at::Tensor&) { return Conditioning{unconditional, conditional}; };
}

at::Tensor Image(const std::vector<double>& values) { return at::tensor(values, at::kDouble).reshape({1, 2, 2, 3}); }

TEST(DdimMove, ForthAndBackIsIdentity) {
  const NoiseSchedule schedule;
  const at::Tensor latents = Images(2), noise = Images(2);
  const double from = schedule.AlphaBar(300);
  for (const double to : {schedule.AlphaBar(999), schedule.AlphaBar(500), schedule.AlphaBar(0), 1.0})
    EXPECT_THAT(DdimMove(DdimMove(latents, noise, from, to), noise, to, from), TensorNear(latents, 1e-12));
}

TEST(DdimMove, FindsTheCleanLatentsOfANoisyOne) {
  const at::Tensor clean = Images(1), noise = Images(1);
  const double abar = NoiseSchedule().AlphaBar(700);
  EXPECT_THAT(DdimMove(std::sqrt(abar) * clean + std::sqrt(1 - abar) * noise, noise, abar, 1),
              TensorNear(clean, 1e-12));
}

// diffusers 0.42.1, torch 2.11: DDIMScheduler(num_train_timesteps=1000, beta_start=0.00085, beta_end=0.012,
// beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False, steps_offset=1,
// timestep_spacing="trailing"), set_timesteps(50), step(noise, 979, ramp).prev_sample with noise_k = cos(k), in
// float64. Its abar is float32, hence the tolerance.
TEST(DdimMove, EqualsDiffusers) {
  const NoiseSchedule schedule;
  const at::Tensor noise = at::arange(12, at::kDouble).cos().reshape({1, 2, 2, 3});
  EXPECT_THAT(DdimMove(Ramp(), noise, schedule.AlphaBar(979), schedule.AlphaBar(959)),
              TensorNear(Image({-0.45960598502733485, -0.30958550425800724, -0.09853012472867095, 0.06551549792549971,
                                0.11772726174375625, 0.09610059883082633, 0.10651765030473836, 0.22539971405341852,
                                0.4294458558914035, 0.6170556809921918, 0.7017402683375025, 0.691639685837387}),
                         2e-6));
}

TEST(Guide, IsExtrapolationFromUnconditionalToConditional) {
  const at::Tensor unconditional = at::zeros({1}, at::kDouble), conditional = at::ones({1}, at::kDouble);
  for (const double guidance : {0.0, 1.0, 7.5})
    EXPECT_THAT(Guide(unconditional, conditional, guidance), TensorNear(conditional * guidance, 0));
}

// The Gaussian world's noise is linear in mu: guidance between mu_u and mu_c is one prediction with mu_u + w (mu_c -
// mu_u).
TEST(GuidedNoise, IsThePredictionOfTheExtrapolatedPrompt) {
  const Denoiser denoiser = GaussianDenoiser(0.5);
  const at::Tensor latents = Images(2);
  const at::Tensor expected = denoiser.PredictNoise(latents, at::full({2}, 400, at::kLong), ConstantContext(7.5, 2));
  const Conditioning steering{ConstantContext(0, 2), ConstantContext(1, 2)};
  EXPECT_THAT(GuidedNoise(denoiser, latents, 400, steering, 7.5), TensorNear(expected, 1e-12));
}

TEST(GuidedNoise, UsesTheKnownConditionalNoise) {
  const Denoiser denoiser = NonlinearDenoiser();
  const at::Tensor latents = Images(2, 2);
  const Conditioning steering{at::randn({2, 8, 3}, at::kDouble), at::randn({2, 8, 3}, at::kDouble)};
  Conditioning known{steering.unconditional, {}, GuidedNoise(denoiser, latents, 400, steering, 1)};
  for (const double guidance : {1.0, 7.5})
    EXPECT_THAT(GuidedNoise(denoiser, latents, 400, known, guidance),
                TensorNear(GuidedNoise(denoiser, latents, 400, steering, guidance), 1e-12));
}

// Guidance 1 is the conditional branch to the bit, as is any guidance where the prompt is not looked at; where it is,
// guidance changes the noise.
TEST(GuidedNoise, IsTheConditionalBranchWithoutGuidance) {
  const Denoiser denoiser = GaussianDenoiser(0.5);
  const at::Tensor latents = Images(1), timestep = at::full({1}, 400, at::kLong);
  const Conditioning steering{ConstantContext(0), ConstantContext(1)};
  const at::Tensor conditional = denoiser.PredictNoise(latents, timestep, steering.conditional);
  EXPECT_THAT(GuidedNoise(denoiser, latents, 400, steering, 1), TensorEquals(conditional));
  EXPECT_FALSE(at::allclose(GuidedNoise(denoiser, latents, 400, steering, 7.5), conditional));
  const Denoiser deaf = RampDenoiser();
  const at::Tensor two_channels = Images(1, 2);
  EXPECT_THAT(GuidedNoise(deaf, two_channels, 400, steering, 7.5),
              TensorEquals(deaf.PredictNoise(two_channels, timestep, steering.conditional)));
}

// Every step predicts the one image exactly, so the end is exact for any number of steps: the image at timestep 0, with
// the noise that it began with. A mistake of one timestep anywhere shows.
TEST(Denoise, OneImageWorldIsExactForAnyStepCount) {
  const Denoiser denoiser = GaussianDenoiser(0);
  const NoiseSchedule schedule;
  const at::Tensor start = Images(2), context = ConstantContext(kMean, 2);
  for (const TimestepSpacing spacing : {TimestepSpacing::kTrailing, TimestepSpacing::kLeading}) {
    for (const int64_t steps : {1, 2, 10, 50}) {
      const DenoiseOptions options{.guidance = 1, .timesteps = SamplerTimesteps(steps, spacing)};
      const double first = schedule.AlphaBar(options.timesteps[0]), last = schedule.AlphaBar(0);
      const at::Tensor noise = (start - std::sqrt(first) * kMean) / std::sqrt(1 - first);
      EXPECT_THAT(Denoise(denoiser, schedule, start, options, Always({}, context)),
                  TensorNear(std::sqrt(last) * kMean + std::sqrt(1 - last) * noise, 1e-11))
          << steps << " " << ToString(spacing);
    }
  }
}

TEST(Denoise, MoreStepsMeanLessError) {
  const Denoiser denoiser = GaussianDenoiser(0.5);
  const NoiseSchedule schedule;
  const at::Tensor start = Images(2);
  // The flow keeps quantiles: (z - sqrt(abar) mu) / sqrt(abar std^2 + 1 - abar) is the same at all timesteps.
  const auto spread = [&](int64_t t) { return std::sqrt(schedule.AlphaBar(t) * 0.25 + 1 - schedule.AlphaBar(t)); };
  const at::Tensor exact = std::sqrt(schedule.AlphaBar(0)) * kMean +
                           spread(0) * (start - std::sqrt(schedule.AlphaBar(999)) * kMean) / spread(999);
  const auto error = [&](int64_t steps) {
    const at::Tensor end = Denoise(denoiser, schedule, start,
                                   {.guidance = 1, .timesteps = SamplerTimesteps(steps, TimestepSpacing::kTrailing)},
                                   Always({}, ConstantContext(kMean, 2)));
    return (end - exact).abs().max().item<double>();
  };
  const double error10 = error(10), error50 = error(50), error250 = error(250);
  EXPECT_GT(error10, 2 * error50);
  EXPECT_GT(error50, 2 * error250);
}

// The scheduler of DdimMove.EqualsDiffusers on the model sample * t / (t + 1): over all of its timesteps, from the
// ramp.
TEST(Denoise, EqualsDiffusers) {
  const auto end = [](int64_t steps, TimestepSpacing spacing) {
    return Denoise(RampDenoiser(), NoiseSchedule(), Ramp(),
                   {.guidance = 1, .timesteps = SamplerTimesteps(steps, spacing)}, Always({}, ConstantContext(0)));
  };
  EXPECT_THAT(end(10, TimestepSpacing::kTrailing),
              TensorNear(Image({-0.1417501932051266, -0.10237513953703595, -0.06300008586894519, -0.023625032200854434,
                                0.015750021467236294, 0.055125075135327044, 0.09450012880341775, 0.1338751824715085,
                                0.17325023613959922, 0.21262528980769002, 0.25200034347578076, 0.29137539714387134}),
                         2e-6));
  EXPECT_THAT(end(50, TimestepSpacing::kTrailing),
              TensorNear(Image({-0.15394944242075623, -0.11118570841499056, -0.06842197440922497, -0.025658240403459362,
                                0.017105493602306242, 0.05986922760807183, 0.10263296161383745, 0.14539669561960303,
                                0.18816042962536875, 0.23092416363113413, 0.2736878976368999, 0.3164516316426654}),
                         2e-6));
  EXPECT_THAT(end(10, TimestepSpacing::kLeading),
              TensorNear(Image({-0.14335713908721984, -0.10353571156299214, -0.06371428403876439, -0.023892856514536643,
                                0.01592857100969109, 0.05574999853391884, 0.0955714260581466, 0.13539285358237435,
                                0.17521428110660206, 0.21503570863082974, 0.2548571361550577, 0.29467856367928535}),
                         2e-6));
}

TEST(Denoise, ReportsEveryStepAndResumesFromAnyOfThem) {
  const Denoiser denoiser = NonlinearDenoiser();
  const NoiseSchedule schedule;
  const Conditioning steering{at::randn({1, 8, 3}, at::kDouble), at::randn({1, 8, 3}, at::kDouble)};
  DenoiseOptions options{.timesteps = SamplerTimesteps(6, TimestepSpacing::kTrailing)};
  std::vector<at::Tensor> asked, reached;
  const at::Tensor end = Denoise(
      denoiser, schedule, Images(1, 2), options,
      [&](int64_t step_idx, const at::Tensor& latents) {
        EXPECT_EQ(step_idx, static_cast<int64_t>(asked.size()));
        EXPECT_FALSE(c10::GradMode::is_enabled());
        asked.push_back(latents);
        return steering;
      },
      [&](int64_t step_idx, const at::Tensor& latents) {
        EXPECT_EQ(step_idx, static_cast<int64_t>(reached.size()));
        reached.push_back(latents);
      });
  ASSERT_EQ(asked.size(), 6u);
  ASSERT_EQ(reached.size(), 6u);
  EXPECT_THAT(reached.back(), TensorEquals(end));
  for (size_t i = 1; i < 6; ++i) EXPECT_THAT(asked[i], TensorEquals(reached[i - 1]));
  for (int64_t first = 1; first < 6; ++first) {
    options.first_step_idx = first;
    EXPECT_THAT(Denoise(denoiser, schedule, reached[static_cast<size_t>(first - 1)], options,
                        Always(steering.unconditional, steering.conditional)),
                TensorEquals(end));
  }
}

}  // namespace
}  // namespace tint
