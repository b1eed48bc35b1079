// SPDX-License-Identifier: Apache-2.0
// The schedule, the sampler, the autoencoder and the resize against diffusers and PyTorch.
//
// Tolerances are relative to the largest value of a tensor. One forward of the U-Net repeats to about 1e-6 in float32
// on other thread counts and processors; what feeds its own result back 10 to 50 times gets 1e-4.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include "fixtures.h"
#include "tint/diffusion/denoise.h"
#include "tint/image/resize.h"
#include "tint/inversion/ddim_inversion.h"

namespace tint {
namespace {

using testing::ExpectParity;
using testing::Number;

constexpr double kOneForward = 1e-5, kManySteps = 1e-4;

TEST(Parity, NoiseSchedule) {
  const NoiseSchedule schedule;
  // diffusers multiplies 1,000 factors in float32.
  ExpectParity("schedule: abar (1,000 values)", at::tensor(schedule.alpha_bars(), at::kDouble),
               Number("alphas_cumprod"), 1e-5);
  for (const TimestepSpacing spacing : {TimestepSpacing::kTrailing, TimestepSpacing::kLeading}) {
    for (const int64_t steps : {10, 25, 50}) {
      const std::string name = ToString(spacing) + "." + std::to_string(steps);
      EXPECT_TRUE(at::tensor(SamplerTimesteps(steps, spacing)).equal(Number("timesteps." + name).to(at::kLong)))
          << name;
    }
  }
}

TEST(Parity, GuidedStep) {
  const c10::NoGradGuard no_grad;
  const NoiseSchedule schedule;
  const Conditioning conditioning{Number("denoise.empty"), Number("denoise.context")};
  const at::Tensor noise = GuidedNoise(testing::ParityDenoiser(), Number("denoise.latents"), 799, conditioning, 7.5);
  ExpectParity("guided noise, w = 7.5", noise, Number("guided.noise"), kOneForward);
  ExpectParity("one guided DDIM step",
               DdimMove(Number("denoise.latents"), noise, schedule.AlphaBar(799), schedule.AlphaBar(779)),
               Number("guided.step"), kOneForward);
}

TEST(Parity, Denoising) {
  const Denoiser denoiser = testing::ParityDenoiser();
  const NoiseSchedule schedule;
  const Conditioning conditioning{Number("denoise.empty"), Number("denoise.context")};
  for (const auto& [spacing, steps] :
       {std::pair(TimestepSpacing::kTrailing, 10), {TimestepSpacing::kTrailing, 50}, {TimestepSpacing::kLeading, 50}}) {
    const at::Tensor clean = Denoise(denoiser, schedule, Number("denoise.latents"),
                                     {.guidance = 7.5, .timesteps = SamplerTimesteps(steps, spacing)},
                                     [&](int64_t, const at::Tensor&) { return conditioning; });
    const std::string number = std::to_string(steps);
    ExpectParity("denoising, " + number + " steps, " + ToString(spacing), clean,
                 Number("denoise." + ToString(spacing) + "." + number), kManySteps);
  }
}

TEST(Parity, DdimInversion) {
  const at::Tensor expected = Number("ddim.path");
  const std::vector<at::Tensor> path =
      InvertDdim(testing::ParityDenoiser(), NoiseSchedule(), expected[0],
                 SamplerTimesteps(50, TimestepSpacing::kTrailing), Number("ddim.context"));
  ExpectParity("DDIM inversion, all 51 latents", at::stack(path), expected, kManySteps);
}

TEST(Parity, AutoencoderBothWays) {
  const c10::NoGradGuard no_grad;
  const Autoencoder autoencoder = testing::ParityAutoencoder();
  ExpectParity("autoencoder: latents", autoencoder.Encode(Number("vae.images")), Number("vae.latents"), kOneForward);
  const auto [mean, deviation] = autoencoder.EncodePosterior(Number("vae.images"));
  ExpectParity("autoencoder: posterior mean", mean, Number("vae.latents"), kOneForward);
  ExpectParity("autoencoder: posterior deviation", deviation, Number("vae.deviation"), kOneForward);
  ExpectParity("autoencoder: image", autoencoder.Decode(Number("vae.latents")), Number("vae.decoded"), kOneForward);
}

TEST(Parity, AntialiasedResize) {
  ExpectParity("antialiased reduction 61x47 -> 20x20", ResizeBilinearAntialias(Number("resize.image"), 20, 20),
               Number("resize.reduced"), 1e-6);
}

}  // namespace
}  // namespace tint
