// SPDX-License-Identifier: Apache-2.0
// Textual and null-text inversion against PyTorch's autograd and optimisers on diffusers' and transformers' modules.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "fixtures.h"
#include "tint/diffusion/noise_schedule.h"
#include "tint/inversion/null_text.h"
#include "tint/inversion/textual_inversion.h"
#include "tint/optim/adam.h"

namespace tint {
namespace {

using testing::ExpectParity;
using testing::Number;

constexpr int64_t kPlace = 5;  // of the learned row in the prompt
// A backward pass adds up as many rounded terms again as the forward.
constexpr double kLoss = 1e-5, kGradient = 5e-5;
// 20 Adam steps of 1e-3 on values of about 2: what the gradients' last digits move.
constexpr double kTrained = 1e-4;

at::Tensor PromptContext(const TextEncoder& text_encoder, const at::Tensor& row) {
  const at::Tensor vectors = Number("ti.vectors");
  return text_encoder.Context(at::cat(
      {vectors.narrow(1, 0, kPlace), row.unsqueeze(1), vectors.narrow(1, kPlace + 1, vectors.size(1) - kPlace - 1)},
      1));
}

TEST(Parity, TextEncoder) {
  const c10::NoGradGuard no_grad;
  ExpectParity("text encoder: context", testing::ParityTextEncoder().Context(Number("ti.vectors")),
               Number("ti.context"), 1e-5);
}

TEST(Parity, TextualInversionOfTwentySteps) {
  const Denoiser denoiser = testing::ParityDenoiser();
  const TextEncoder text_encoder = testing::ParityTextEncoder();
  const NoiseSchedule schedule;
  for (const std::string kind : {"adam", "adamw"}) {
    const AdamOptions adam{.learning_rate = 1e-3, .weight_decay = kind == "adamw" ? 0.01 : 0};
    at::Tensor row = Number("ti.vectors").select(1, kPlace).clone();
    at::Tensor m = at::zeros_like(row), v = at::zeros_like(row);
    for (int64_t k = 0; k < Number("ti.timesteps").size(0); ++k) {
      const at::Tensor leaf = row.clone().requires_grad_(true);
      const at::Tensor timesteps = Number("ti.timesteps").narrow(0, k, 1);
      const at::Tensor abars =
          at::full({1, 1, 1, 1}, schedule.AlphaBar(timesteps.item<int64_t>()), at::kDouble).to(at::kFloat);
      const at::Tensor loss =
          NoisePredictionLoss(denoiser, Number("ti.latents").narrow(0, k, 1), Number("ti.noise").narrow(0, k, 1),
                              timesteps, abars, PromptContext(text_encoder, leaf));
      const at::Tensor gradient = torch::autograd::grad({loss.sum()}, {leaf})[0];
      ExpectParity("textual inversion: loss", loss.detach()[0], Number("ti." + kind + ".losses")[k], kLoss);
      ExpectParity("textual inversion: gradient", gradient[0], Number("ti." + kind + ".gradients")[k], kGradient);
      AdamStep(row, gradient, m, v, k + 1, adam);
      ExpectParity("textual inversion: vector after each of 20 steps, " + kind, row[0],
                   Number("ti." + kind + ".rows")[k], kTrained);
    }
  }
}

// From the recorded state of every inner step of every timestep.
TEST(Parity, NullTextInnerSteps) {
  const Denoiser denoiser = testing::ParityDenoiser();
  const NoiseSchedule schedule;
  const at::Tensor path = Number("null.path"), context = Number("null.context");
  const int64_t steps = path.size(0) - 1, inner = Number("null.u").size(0) / steps;
  const std::vector<int64_t> timesteps = SamplerTimesteps(steps, TimestepSpacing::kTrailing);
  NullTextOptions options;
  options.steps = steps;
  for (int64_t i = 0; i < steps; ++i) {
    const auto idx = static_cast<size_t>(i);
    const double abar_from = schedule.AlphaBar(timesteps[idx]);
    const double abar_to = schedule.AlphaBar(i + 1 < steps ? timesteps[idx + 1] : 0);
    const at::Tensor latents = Number("null.latents").narrow(0, i, 1);
    at::Tensor conditional;
    {
      const c10::NoGradGuard no_grad;
      conditional = denoiser.PredictNoise(latents, at::full({1}, timesteps[idx], at::kLong), context);
    }
    for (int64_t j = 0; j < inner; ++j) {
      const auto recorded = [&](const char* name) {
        return Number(std::string("null.") + name).narrow(0, i * inner + j, 1);
      };
      const at::Tensor leaf = recorded("u").clone().requires_grad_(true);
      const at::Tensor loss = NullTextLoss(denoiser, latents, conditional, leaf, path.narrow(0, steps - i - 1, 1),
                                           timesteps[idx], abar_from, abar_to, 7.5);
      const at::Tensor gradient = torch::autograd::grad({loss.sum()}, {leaf})[0];
      ExpectParity("null-text: loss of each inner step", loss.detach(), recorded("loss"), 3e-5);
      ExpectParity("null-text: gradient", gradient, recorded("gradient"), 1e-4);
      // With the recorded gradient: the optimiser alone. A step divides by sqrt(v), so its own rounding is 1e-6.
      at::Tensor u = recorded("u").clone(), m = recorded("m").clone(), v = recorded("v").clone();
      AdamStep(u, recorded("gradient"), m, v, j + 1, {.learning_rate = NullTextLearningRate(options, i)});
      ExpectParity("null-text: embedding after the step", u, recorded("after"), 4e-6);
    }
  }
}

}  // namespace
}  // namespace tint
