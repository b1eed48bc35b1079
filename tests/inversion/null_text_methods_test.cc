// SPDX-License-Identifier: Apache-2.0
// The published schemes and the ablations of null-text inversion.
#include <ATen/ATen.h>

#include "closed_form_world.h"
#include "prelude.h"
#include "tensor_matchers.h"
#include "tint/inversion/null_text.h"
#include "tint/optim/adam.h"

namespace tint {
namespace {

using testing::TensorEquals;
using testing::TensorNear;

class NullTextMethods : public ::testing::Test {
 protected:
  const NoiseSchedule schedule_;
  const Denoiser denoiser_ = testing::GaussianDenoiser(0.5);
  const at::Tensor means_ = at::tensor({0.05, 0.2, 0.4}, at::kDouble);
  const at::Tensor photos_ = means_.reshape({3, 1, 1, 1}) + 0.5 * at::randn({3, 4, 8, 8}, at::kDouble);
  const at::Tensor context_ = means_.reshape({3, 1, 1}) * testing::ConstantContext(1, 3);
  const at::Tensor empty_ = testing::ConstantContext(0);

  NullTextState Run(const NullTextOptions& options) const {
    NullTextState state = StartNullText(denoiser_, schedule_, photos_, context_, empty_, options);
    RunNullText(denoiser_, schedule_, context_, options, &state);
    return state;
  }
};

// The table of docs/method.md, Null-text inversion.
TEST(NullTextSchemes, OfDiffusersCommunityPipeline) {
  NullTextOptions options;
  options.scheme = NullTextScheme::kDiffusers;
  EXPECT_DOUBLE_EQ(NullTextLearningRate(options, 30), 0.01 * (1 - 30 / 100.0));
  EXPECT_DOUBLE_EQ(NullTextTolerance(options, 30), 1e-6 + 30 * 2e-5);
  options.tolerance = 3e-5;
  EXPECT_DOUBLE_EQ(NullTextTolerance(options, 30), 3e-5 + 30 * 2e-5);
  options.tolerance = 0;
  EXPECT_EQ(NullTextTolerance(options, 30), 0);
  options.tolerance = -0.5;
  EXPECT_THAT(CatchError([&] { CheckNullTextOptions(options); }),
              FailsWith(ExitCode::kBadConfiguration, HasSubstr("tolerance")));
}

TEST_F(NullTextMethods, BypassKeepsTheEmptyPrompt) {
  const NullTextState bypass = Run({.steps = 5, .method = NullTextMethod::kBypass}),
                      none = Run({.steps = 5, .inner_steps = 0});
  EXPECT_THAT(bypass.unconditional, TensorEquals(empty_.unsqueeze(1).expand({3, 5, -1, -1}).contiguous()));
  EXPECT_THAT(bypass.latents, TensorEquals(none.latents));
  EXPECT_EQ(bypass.inner_steps.sum().item<int64_t>(), 0);
}

// With the prompt's own embedding both branches agree, so guidance has no effect and the walk is that of w = 1.
TEST_F(NullTextMethods, NegativePromptRemovesGuidance) {
  const NullTextState npi = Run({.steps = 8, .method = NullTextMethod::kNegativePrompt});
  const NullTextState unguided = Run({.steps = 8, .inversion_guidance = 1, .method = NullTextMethod::kBypass});
  EXPECT_THAT(npi.unconditional, TensorEquals(context_.unsqueeze(1).expand({-1, 8, -1, -1}).contiguous()));
  EXPECT_THAT(npi.latents, TensorNear(unguided.latents, 1e-9));
}

TEST_F(NullTextMethods, GlobalLearnsOneEmbeddingForAllTimesteps) {
  const NullTextOptions options{.steps = 10, .inner_steps = 8, .method = NullTextMethod::kGlobal};
  const NullTextState state = Run(options), bypass = Run({.steps = 10, .method = NullTextMethod::kBypass});
  for (int64_t i = 1; i < 10; ++i)
    EXPECT_THAT(state.unconditional.select(1, i).contiguous(),
                TensorEquals(state.unconditional.select(1, 0).contiguous()));
  EXPECT_TRUE(state.inner_steps.eq(8).all().item<bool>());
  EXPECT_TRUE((state.loss.mean(1) < bypass.loss.mean(1)).all().item<bool>()) << state.loss << bypass.loss;
}

// The same procedure without leaving anybody out of the batch: finished photos are masked. Both must agree.
TEST_F(NullTextMethods, FinishedPhotosDoNotAffectTheBatch) {
  const NullTextOptions options{.steps = 6, .tolerance = 1e-4};
  const NullTextState state = Run(options);
  const std::vector<int64_t> timesteps = SamplerTimesteps(6, TimestepSpacing::kTrailing);
  at::Tensor z = state.path.back(), u = empty_.repeat({3, 1, 1});
  for (size_t i = 0; i < timesteps.size(); ++i) {
    const double from = schedule_.AlphaBar(timesteps[i]);
    const double to = schedule_.AlphaBar(i + 1 < timesteps.size() ? timesteps[i + 1] : 0);
    const at::Tensor wanted = state.path[timesteps.size() - i - 1];
    const at::Tensor conditional = denoiser_.PredictNoise(z, at::full({3}, timesteps[i], at::kLong), context_);
    at::Tensor m = at::zeros_like(u), v = at::zeros_like(u), active = at::ones({3}, at::kBool);
    const auto step_idx = static_cast<int64_t>(i);
    for (int64_t j = 0; j < options.inner_steps; ++j) {
      const at::Tensor leaf = u.clone().requires_grad_(true);
      const at::Tensor losses =
          NullTextLoss(denoiser_, z, conditional, leaf, wanted, timesteps[i], from, to, options.inversion_guidance);
      losses.sum().backward();
      AdamStep(u, leaf.grad(), m, v, j + 1, {.learning_rate = NullTextLearningRate(options, step_idx)}, active);
      active = active.logical_and(losses.detach() >= NullTextTolerance(options, step_idx));
    }
    EXPECT_THAT(state.unconditional.select(1, step_idx).contiguous(), TensorNear(u, 1e-9)) << i;
    z = DdimMove(z,
                 Guide(denoiser_.PredictNoise(z, at::full({3}, timesteps[i], at::kLong), u), conditional,
                       options.inversion_guidance),
                 from, to);
  }
  // Photos did stop at different times, or nothing was shown.
  const at::Tensor counts = state.inner_steps;
  EXPECT_GT(counts.amax().item<int64_t>(), counts.amin().item<int64_t>());
}

}  // namespace
}  // namespace tint
