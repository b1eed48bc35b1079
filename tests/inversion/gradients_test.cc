// SPDX-License-Identifier: Apache-2.0
// What both inversions follow: gradients of their losses equal central differences, every entry, in double precision.

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "closed_form_world.h"
#include "tensor_matchers.h"
#include "tint/inversion/null_text.h"
#include "tint/inversion/textual_inversion.h"

namespace tint {
namespace {

using tint::testing::NonlinearDenoiser;
using tint::testing::NonlinearTextEncoder;
using tint::testing::RealTokenizer;
using tint::testing::TensorNear;

using Loss = std::function<at::Tensor(const at::Tensor&)>;  // [P, ...] -> [P]

at::Tensor Gradient(const Loss& loss, const at::Tensor& at) {
  const at::Tensor x = at.clone().requires_grad_(true);
  return torch::autograd::grad({loss(x).sum()}, {x})[0];
}

// Truncation and rounding balance near h = 1e-5 (both about 1e-10 of a loss of order 1).
at::Tensor CentralDifferences(const Loss& loss, const at::Tensor& at) {
  c10::NoGradGuard no_grad;
  constexpr double kStep = 1e-5;
  at::Tensor differences = at::zeros_like(at);
  for (int64_t i = 0; i < at.numel(); ++i) {
    at::Tensor above = at.clone(), below = at.clone();
    above.view(-1)[i] += kStep;
    below.view(-1)[i] -= kStep;
    differences.view(-1)[i] = (loss(above).sum() - loss(below).sum()) / (2 * kStep);
  }
  return differences;
}

class Gradients : public ::testing::Test {
 protected:
  static constexpr int64_t kProblems = 3, kVectors = 2;
  const NoiseSchedule schedule_;
  const Denoiser denoiser_ = NonlinearDenoiser();
  const at::Tensor latents_ = at::randn({kProblems, 2, 4, 4}, at::kDouble);
  const at::Tensor noise_ = at::randn({kProblems, 2, 4, 4}, at::kDouble);
};

class TextualInversionGradients : public Gradients {
 protected:
  const TextEncoder text_encoder_ = NonlinearTextEncoder();
  const PromptTemplate prompt_{RealTokenizer(), text_encoder_, "a photo of an #object", "#object", "object", kVectors};
  const at::Tensor timesteps_ = at::tensor({250, 600, 999}, at::kLong);
  const at::Tensor learned_ = at::randn({kProblems, kVectors, 4}, at::kDouble);

  Loss Of(int64_t first, int64_t count) const {
    return [=, this](const at::Tensor& learned) {
      return TextualInversionLoss(denoiser_, text_encoder_, schedule_, prompt_, latents_.narrow(0, first, count),
                                  noise_.narrow(0, first, count), timesteps_.narrow(0, first, count), learned);
    };
  }
};

TEST_F(TextualInversionGradients, EqualFiniteDifferences) {
  const Loss loss = Of(0, kProblems);
  const at::Tensor gradient = Gradient(loss, learned_);
  EXPECT_GT(gradient.abs().min().item<double>(), 1e-6);  // every entry matters, so every entry is tested
  EXPECT_THAT(gradient, TensorNear(CentralDifferences(loss, learned_), 1e-9, 1e-6));
}

TEST_F(TextualInversionGradients, OfABatchEqualThoseOfEachProblemAlone) {
  const at::Tensor together = Gradient(Of(0, kProblems), learned_), losses = Of(0, kProblems)(learned_);
  for (int64_t p = 0; p < kProblems; ++p) {
    const at::Tensor alone = Gradient(Of(p, 1), learned_.narrow(0, p, 1));
    EXPECT_THAT(alone[0], TensorNear(together[p], 1e-14, 1e-12));
    EXPECT_THAT(Of(p, 1)(learned_.narrow(0, p, 1))[0], TensorNear(losses[p], 0, 1e-13));
  }
}

TEST_F(TextualInversionGradients, LossIsTheMeanSquareOfTheNoiseError) {
  const at::Tensor context = prompt_.Context(text_encoder_, learned_);
  at::Tensor expected = at::zeros({kProblems}, at::kDouble);
  for (int64_t p = 0; p < kProblems; ++p) {
    const double abar = schedule_.AlphaBar(timesteps_[p].item<int64_t>());
    const at::Tensor noisy = std::sqrt(abar) * latents_[p] + std::sqrt(1 - abar) * noise_[p];
    const at::Tensor predicted =
        denoiser_.PredictNoise(noisy.unsqueeze(0), timesteps_.narrow(0, p, 1), context.narrow(0, p, 1))[0];
    expected[p] = (predicted - noise_[p]).square().sum() / (2 * 4 * 4);
  }
  EXPECT_THAT(Of(0, kProblems)(learned_), TensorNear(expected, 0, 1e-12));
}

class NullTextGradients : public Gradients {
 protected:
  const at::Tensor target_ = at::randn({kProblems, 2, 4, 4}, at::kDouble);
  const at::Tensor unconditional_ = at::randn({kProblems, 8, 3}, at::kDouble);

  Loss Of(int64_t first, int64_t count) const {
    return [=, this](const at::Tensor& unconditional) {
      return NullTextLoss(denoiser_, latents_.narrow(0, first, count), noise_.narrow(0, first, count), unconditional,
                          target_.narrow(0, first, count), 619, schedule_.AlphaBar(619), schedule_.AlphaBar(599), 7.5);
    };
  }
};

TEST_F(NullTextGradients, EqualFiniteDifferences) {
  const Loss loss = Of(0, kProblems);
  const at::Tensor gradient = Gradient(loss, unconditional_);
  EXPECT_GT(gradient.abs().max().item<double>(), 1e-5);
  EXPECT_THAT(gradient, TensorNear(CentralDifferences(loss, unconditional_), 1e-10, 1e-6));
}

TEST_F(NullTextGradients, OfABatchEqualThoseOfEachPhotoAlone) {
  const at::Tensor together = Gradient(Of(0, kProblems), unconditional_);
  for (int64_t k = 0; k < kProblems; ++k)
    EXPECT_THAT(Gradient(Of(k, 1), unconditional_.narrow(0, k, 1))[0], TensorNear(together[k], 1e-16, 1e-12));
}

TEST_F(NullTextGradients, LossIsThatOfTheGuidedMove) {
  const at::Tensor timesteps = at::full({kProblems}, 619, at::kLong);
  const at::Tensor noise = Guide(denoiser_.PredictNoise(latents_, timesteps, unconditional_), noise_, 7.5);
  const at::Tensor reached = DdimMove(latents_, noise, schedule_.AlphaBar(619), schedule_.AlphaBar(599));
  EXPECT_THAT(Of(0, kProblems)(unconditional_), TensorNear((reached - target_).square().flatten(1).mean(1), 0, 1e-12));
}

}  // namespace
}  // namespace tint
