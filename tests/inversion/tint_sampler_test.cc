// SPDX-License-Identifier: Apache-2.0
#include "tint/inversion/tint_sampler.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "../models/tiny_modules.h"
#include "closed_form_world.h"
#include "prelude.h"
#include "tensor_matchers.h"
#include "tint/image/pixels.h"
#include "tint/image/resize.h"
#include "tint/tensor/random.h"

namespace tint::testing {
namespace {

constexpr double kNever = 1e9;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Shows the first three channels of the latents as 8 x 8 blocks; `spoiled` everywhere where their mean red is above
// `limit`.
Autoencoder SpoilingAutoencoder(double limit, double spoiled) {
  return Autoencoder(
      MakeModule("def decode(self, latents: Tensor) -> Tensor:\n"
                 "  image = torch.repeat_interleave(torch.repeat_interleave(latents[:, :3], 8, 2), 8, 3)\n"
                 "  red = torch.mean(image[:, 0], [1, 2]).reshape([-1, 1, 1, 1])\n"
                 "  return torch.where(red > self.limit, self.spoiled, image)\n",
                 {}, {{"limit", at::full({1}, limit)}, {"spoiled", at::full({1}, spoiled)}}),
      {.scale_factor = 1, .image_size = 64, .spatial_factor = 8});
}

class TintSampler : public ::testing::Test {
 protected:
  std::vector<SampledImage> Sample(const Autoencoder& autoencoder, const SampleDraws& draws,
                                   RedrawBudget* redraws) const {
    return SampleImages(denoiser_, autoencoder, paths_, draws, options_, redraws);
  }
  std::vector<SampledImage> SampleUnspoiled(const SampleDraws& draws) const {
    RedrawBudget redraws(100, "");
    const std::vector<SampledImage> images = Sample(SpoilingAutoencoder(kNever, 0), draws, &redraws);
    EXPECT_EQ(redraws.count(), 0);
    return images;
  }
  static SampleDraws Draws(int64_t first, int64_t count, uint64_t class_idx = 2) {
    return {.seed = 7, .episode_idx = 3, .class_idx = class_idx, .first = first, .count = count};
  }
  static double Red(const SampledImage& image) { return image.original[0].to(at::kDouble).mean().item<double>(); }
  // Between the two largest of the mean reds of `images`, in the latents' units.
  static double LimitForOne(const std::vector<SampledImage>& images) {
    std::vector<double> reds;
    for (const SampledImage& image : images) reds.push_back(Red(image));
    std::sort(reds.rbegin(), reds.rend());
    return (reds[0] + reds[1]) / 255 - 1;
  }

  const Denoiser denoiser_ = GaussianDenoiser(0.3);
  const InvertedPaths paths_{.latents = at::randn({3, 4, 6, 6}),
                             .unconditional = ConstantContext(0).to(at::kFloat).expand({3, 4, -1, -1, -1}).select(2, 0),
                             .conditional = ConstantContext(0.1).to(at::kFloat),
                             .timesteps = {800, 500, 300, 100}};
  SampleOptions options_{.image_size = 16, .alpha = 0.7, .guidance = 2, .keep_originals = true, .batch_size = 6};
};

TEST_F(TintSampler, AnImageDependsOnItsOwnNumberAlone) {
  const auto all = SampleUnspoiled(Draws(0, 6)), few = SampleUnspoiled(Draws(0, 2)),
             later = SampleUnspoiled(Draws(4, 6));
  ASSERT_EQ(all.size(), 6u);
  ASSERT_EQ(few.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_THAT(few[i].image, TensorEquals(all[i].image));
    EXPECT_THAT(few[i].original, TensorEquals(all[i].original));
    EXPECT_THAT(later[i].image, TensorEquals(all[i + 4].image));
    EXPECT_EQ(later[i].support_idx, all[i + 4].support_idx);
  }
  EXPECT_FALSE(at::equal(all[0].image, all[1].image));
  EXPECT_FALSE(at::equal(SampleUnspoiled(Draws(0, 1, 1))[0].image, all[0].image)) << "another class draws anew";
}

TEST_F(TintSampler, WithoutFreshNoiseTheGuidedWalkOfThePhotoIsDecoded) {
  options_.alpha = 0;
  options_.support = 1;
  const Autoencoder autoencoder = SpoilingAutoencoder(kNever, 0);
  const at::Tensor clean =
      Denoise(denoiser_, NoiseSchedule(), paths_.latents.narrow(0, 1, 1),
              {.guidance = 2, .timesteps = paths_.timesteps}, [&](int64_t step_idx, const at::Tensor&) {
                return Conditioning{paths_.unconditional.select(1, step_idx).narrow(0, 1, 1), paths_.conditional};
              });
  const at::Tensor whole = autoencoder.Decode(clean);
  for (const SampledImage& image : SampleUnspoiled(Draws(10, 3))) {
    EXPECT_EQ(image.support_idx, 1);
    EXPECT_EQ(image.alpha, 0);
    EXPECT_EQ(image.attempt, 0);
    EXPECT_THAT(image.original, TensorEquals(ToBytes(whole)[0]));
    EXPECT_THAT(image.image, TensorEquals(ToBytes(ResizeBilinearAntialias(whole, 16, 16))[0]));
  }
}

TEST_F(TintSampler, RandomAlphaAndSupportAreThoseOfTheStream) {
  options_.random_alpha = true;
  for (const SampledImage& image : SampleUnspoiled(Draws(20, 4))) {
    EXPECT_GE(image.alpha, 0);
    EXPECT_LT(image.alpha, 1);
  }
  RandomStream stream({7, "generate", 3, 2, 20});
  const int64_t support = stream.Integer(0, 2);
  stream.Normal({1, 4, 6, 6});
  const SampledImage first = SampleUnspoiled(Draws(20, 1))[0];
  EXPECT_EQ(first.support_idx, support);
  EXPECT_EQ(first.alpha, stream.Uniform());
}

TEST_F(TintSampler, OriginalsAreKeptOnlyOnRequest) {
  options_.keep_originals = false;
  EXPECT_FALSE(SampleUnspoiled(Draws(0, 1))[0].original.defined());
}

TEST_F(TintSampler, ABadImageIsDrawnAgainAndTheOthersStay) {
  const auto expected = SampleUnspoiled(Draws(0, 6));
  const double limit = LimitForOne(expected);
  for (const double spoiled : {0.0, kNaN}) {
    RedrawBudget redraws(100, "");
    const auto found = Sample(SpoilingAutoencoder(limit, spoiled), Draws(0, 6), &redraws);
    EXPECT_EQ(redraws.count(), 1);
    for (size_t i = 0; i < 6; ++i) {
      if (Red(expected[i]) / 255 * 2 - 1 < limit) {
        EXPECT_EQ(found[i].attempt, 0);
        EXPECT_THAT(found[i].image, TensorEquals(expected[i].image));
        continue;
      }
      EXPECT_GE(found[i].attempt, 1);
      EXPECT_LT(Red(found[i]) / 255 * 2 - 1, limit + 0.01);
      EXPECT_GT(found[i].image.max().item<int64_t>(), found[i].image.min().item<int64_t>());
    }
  }
}

TEST_F(TintSampler, AnImageThatNeverComesOutIsAnError) {
  RedrawBudget redraws(1000, " (in float16; try --dtype float32)");
  EXPECT_THAT(CatchError([&] { Sample(SpoilingAutoencoder(-kNever, 0), Draws(12, 2), &redraws); }),
              FailsWith(ExitCode::kInternal,
                        AllOf(HasSubstr("image 12 of class 2"), HasSubstr("after 5 fresh draws (in float16"),
                              HasSubstr("tint models check"))));
  EXPECT_EQ(redraws.count(), 1);
}

TEST_F(TintSampler, MeasuringOneSampleRuns) {
  EXPECT_NO_THROW(MeasureSample(denoiser_, SpoilingAutoencoder(kNever, 0), paths_, 2));
}

TEST(RedrawBudget, AllowsOnePercentAndAtLeastOne) {
  for (const auto& [images, allowed] : {std::pair<int64_t, int64_t>{1, 1}, {100, 1}, {300, 3}, {250, 3}}) {
    RedrawBudget redraws(images, " (advice)");
    redraws.Add(allowed);
    EXPECT_EQ(redraws.count(), allowed);
    EXPECT_THAT(CatchError([&] { redraws.Add(1); }),
                FailsWith(ExitCode::kInternal, AllOf(HasSubstr("generate: " + std::to_string(allowed + 1) + " images"),
                                                     HasSubstr("at most 1 % may (advice)"))));
  }
}

}  // namespace
}  // namespace tint::testing
