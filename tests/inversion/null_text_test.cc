// SPDX-License-Identifier: Apache-2.0
#include "tint/inversion/null_text.h"

#include <ATen/ATen.h>

#include <limits>

#include "closed_form_world.h"
#include "prelude.h"
#include "tensor_matchers.h"
#include "test_options.h"
#include "tint/inversion/ddim_inversion.h"

namespace tint {
namespace {

using tint::testing::ConstantContext;
using tint::testing::GaussianDenoiser;
using tint::testing::TensorEquals;
using tint::testing::TensorNear;

TEST_OPTIONS(NullTextOptions,
             R"({"steps":50,"inner-steps":10,"inversion-guidance":7.5,"method":"null-text","scheme":"original",)"
             R"("learning-rate":0.01,"tolerance":-1.0,"spacing":"trailing","batch-size":0})")

// The table of docs/method.md, Null-text inversion.
TEST(NullTextOptions, SchemesOfLearningRateAndTolerance) {
  NullTextOptions options;
  EXPECT_DOUBLE_EQ(NullTextLearningRate(options, 0), 0.01);
  EXPECT_DOUBLE_EQ(NullTextLearningRate(options, 30), 0.007);
  EXPECT_DOUBLE_EQ(NullTextTolerance(options, 30), 1e-5 + 30 * 2e-5);
  options.steps = 10;
  EXPECT_DOUBLE_EQ(NullTextLearningRate(options, 5), 0.0075);
  options.scheme = NullTextScheme::kFixed;
  EXPECT_DOUBLE_EQ(NullTextLearningRate(options, 30), 0.01);
  EXPECT_DOUBLE_EQ(NullTextTolerance(options, 30), 1e-5);
}

// Three photos of the Gaussian world whose prompts mean 0.05, 0.2 and 0.4, while the empty prompt means 0: guidance
// pulls away from each by another amount.
class NullText : public ::testing::Test {
 protected:
  const NoiseSchedule schedule_;
  const Denoiser denoiser_ = GaussianDenoiser(0.5);
  const at::Tensor means_ = at::tensor({0.05, 0.2, 0.4}, at::kDouble);
  const at::Tensor photos_ = means_.reshape({3, 1, 1, 1}) + 0.5 * at::randn({3, 4, 8, 8}, at::kDouble);
  const at::Tensor context_ = means_.reshape({3, 1, 1}) * ConstantContext(1, 3);
  const at::Tensor empty_ = ConstantContext(0);

  NullTextState Start(const NullTextOptions& options) const {
    return StartNullText(denoiser_, schedule_, photos_, context_, empty_, options);
  }
  NullTextState Run(const NullTextOptions& options) const {
    NullTextState state = Start(options);
    RunNullText(denoiser_, schedule_, context_, options, &state);
    return state;
  }
  // From the noise end back down, alpha = 0, with these embeddings [3, N, L, F].
  at::Tensor Reconstruct(const NullTextState& state, const NullTextOptions& options) const {
    const DenoiseOptions denoise{.guidance = options.inversion_guidance,
                                 .timesteps = SamplerTimesteps(options.steps, options.spacing)};
    return Denoise(denoiser_, schedule_, state.path.back(), denoise, [&](int64_t step_idx, const at::Tensor&) {
      return Conditioning{state.unconditional.select(1, step_idx), context_};
    });
  }
  at::Tensor Errors(const at::Tensor& images) const { return (images - photos_).square().mean({1, 2, 3}); }
};

TEST_F(NullText, LeadsBackToThePhotoWhereInversionAloneDoesNot) {
  const NullTextOptions options{};
  const NullTextOptions plain{.inner_steps = 0};
  const NullTextState learned = Run(options), bypassed = Run(plain);
  const at::Tensor with = Errors(Reconstruct(learned, options)), without = Errors(Reconstruct(bypassed, plain));
  EXPECT_TRUE((with < 0.2 * without).all().item<bool>()) << with << " against " << without;
  EXPECT_TRUE((learned.loss.mean(1) < learned.initial_loss.mean(1)).all().item<bool>());
}

TEST_F(NullText, LossFallsAtEveryTimestepOrIsBelowTheTolerance) {
  const NullTextOptions options{.steps = 20};
  const NullTextState state = Run(options);
  for (int64_t i = 0; i < options.steps; ++i) {
    for (int64_t k = 0; k < 3; ++k) {
      const double before = state.initial_loss[k][i].item<double>(), after = state.loss[k][i].item<double>();
      // 1 %: an Adam step has a fixed length and may overshoot a minimum near the start.
      EXPECT_LE(after, std::max(1.01 * before, NullTextTolerance(options, i))) << "photo " << k << ", timestep " << i;
    }
  }
}

// Photos stop one by one, and what others still do must not reach those that have.
TEST_F(NullText, OfABatchEqualsThatOfEachPhotoAlone) {
  const NullTextOptions options{.steps = 12, .tolerance = 1e-4};
  const NullTextState together = Run(options);
  const at::Tensor counts = together.inner_steps;
  EXPECT_FALSE(counts[0].equal(counts[2])) << "no photo stopped before another, so this test would show nothing";
  EXPECT_LT(counts.min().item<int64_t>(), options.inner_steps);
  for (int64_t k = 0; k < 3; ++k) {
    NullTextState alone =
        StartNullText(denoiser_, schedule_, photos_.narrow(0, k, 1), context_.narrow(0, k, 1), empty_, options);
    RunNullText(denoiser_, schedule_, context_.narrow(0, k, 1), options, &alone);
    EXPECT_THAT(alone.inner_steps[0], TensorEquals(counts[k]));
    EXPECT_THAT(alone.unconditional[0], TensorNear(together.unconditional[k], 1e-9));
    EXPECT_THAT(alone.latents[0], TensorNear(together.latents[k], 1e-9));
    EXPECT_THAT(alone.loss[0], TensorNear(together.loss[k], 1e-9));
  }
}

// docs/method.md, Null-text inversion, step by step, for one photo, with nothing shared: no mask, no batch, every
// forward computed anew.
TEST_F(NullText, EqualsTheProcedureWrittenOut) {
  const NullTextOptions options{.steps = 4, .inner_steps = 3};
  const std::vector<int64_t> timesteps = {999, 749, 499, 249};
  const at::Tensor context = context_.narrow(0, 2, 1);
  const auto path = InvertDdim(denoiser_, schedule_, photos_.narrow(0, 2, 1), timesteps, context);
  at::Tensor z = path[4], u = empty_.clone();
  const NullTextState state = Run(options);
  for (int64_t i = 0; i < 4; ++i) {
    const int64_t t = timesteps[static_cast<size_t>(i)], s = i < 3 ? timesteps[static_cast<size_t>(i + 1)] : 0;
    const double abar_t = schedule_.AlphaBar(t), abar_s = schedule_.AlphaBar(s);
    const at::Tensor target = path[static_cast<size_t>(3 - i)];
    const auto move = [&](const at::Tensor& embedding) {
      return DdimMove(z, GuidedNoise(denoiser_, z, t, {embedding, context}, 7.5), abar_t, abar_s);
    };
    at::Tensor m = at::zeros_like(u), v = at::zeros_like(u);
    for (int64_t j = 1; j <= 3; ++j) {
      const at::Tensor leaf = u.clone().requires_grad_(true);
      const at::Tensor loss = (move(leaf) - target).square().mean();
      loss.backward();
      const double learning_rate = 0.01 * (1 - static_cast<double>(i) / 8);
      m = 0.9 * m + 0.1 * leaf.grad();
      v = 0.999 * v + 0.001 * leaf.grad().square();
      u = u - learning_rate * (m / (1 - std::pow(0.9, j))) / ((v / (1 - std::pow(0.999, j))).sqrt() + 1e-8);
      if (loss.item<double>() < 1e-5 + static_cast<double>(i) * 2e-5) break;
    }
    EXPECT_THAT(state.unconditional[2][i], TensorNear(u[0], 1e-9)) << i;
    z = move(u);
  }
  EXPECT_THAT(state.latents[2], TensorNear(z[0], 1e-9));
}

TEST_F(NullText, RecordsTheLossesItSaysItDoes) {
  const NullTextOptions options{.steps = 5, .inner_steps = 3};
  const std::vector<int64_t> timesteps = SamplerTimesteps(5, TimestepSpacing::kTrailing);
  std::vector<at::Tensor> walk;
  NullTextState state = Start(options);
  walk.push_back(state.latents);
  RunNullText(denoiser_, schedule_, context_, options, &state,
              [&](const NullTextState& now) { walk.push_back(now.latents); });
  for (size_t i = 0; i < 5; ++i) {
    const auto idx = static_cast<int64_t>(i);
    const double from = schedule_.AlphaBar(timesteps[i]), to = schedule_.AlphaBar(i < 4 ? timesteps[i + 1] : 0);
    const at::Tensor noise = denoiser_.PredictNoise(walk[i], at::full({3}, timesteps[i], at::kLong), context_);
    const auto loss = [&](const at::Tensor& u) {
      return NullTextLoss(denoiser_, walk[i], noise, u, state.path[4 - i], timesteps[i], from, to, 7.5).to(at::kFloat);
    };
    const at::Tensor before = i == 0 ? empty_.expand({3, -1, -1}) : state.unconditional.select(1, idx - 1);
    EXPECT_THAT(state.initial_loss.select(1, idx), TensorNear(loss(before), 1e-9, 1e-5));
    EXPECT_THAT(state.loss.select(1, idx), TensorNear(loss(state.unconditional.select(1, idx)), 1e-9, 1e-5));
  }
}

TEST_F(NullText, ResumesToTheBitFromACopyOfItsState) {
  const NullTextOptions options{.steps = 10, .inner_steps = 3};
  const NullTextState through = Run(options);
  struct Stop {};
  NullTextState state = Start(options);
  EXPECT_THROW(RunNullText(denoiser_, schedule_, context_, options, &state,
                           [](const NullTextState& now) {
                             if (now.step_idx == 4) throw Stop();
                           }),
               Stop);
  NullTextState copy = state;
  for (at::Tensor* tensor :
       {&copy.latents, &copy.current, &copy.unconditional, &copy.loss, &copy.initial_loss, &copy.inner_steps})
    *tensor = tensor->clone();
  RunNullText(denoiser_, schedule_, context_, options, &copy);
  EXPECT_EQ(copy.step_idx, 10);
  EXPECT_THAT(copy.latents, TensorEquals(through.latents));
  EXPECT_THAT(copy.unconditional, TensorEquals(through.unconditional));
  EXPECT_THAT(copy.loss, TensorEquals(through.loss));
  EXPECT_THAT(copy.initial_loss, TensorEquals(through.initial_loss));
  EXPECT_THAT(copy.inner_steps, TensorEquals(through.inner_steps));
}

TEST_F(NullText, KeepsTheEmptyPromptWithoutInnerSteps) {
  const NullTextState state = Run({.steps = 5, .inner_steps = 0});
  EXPECT_THAT(state.unconditional, TensorEquals(at::zeros({3, 5, 8, 3}, at::kDouble)));
  EXPECT_THAT(state.initial_loss, TensorEquals(state.loss));
  EXPECT_EQ(state.inner_steps.sum().item<int64_t>(), 0);
}

// Adam's step alone moves the embedding: without a learning rate two inner steps of each timestep leave it empty.
TEST_F(NullText, KeepsTheEmptyPromptWithoutALearningRate) {
  const at::Tensor empty = at::zeros({3, 5, 8, 3}, at::kDouble);
  for (const NullTextMethod method : {NullTextMethod::kNullText, NullTextMethod::kGlobal}) {
    NullTextOptions options{.steps = 5, .inner_steps = 2, .method = method, .learning_rate = 0, .tolerance = 0};
    const NullTextState state = Run(options);
    EXPECT_THAT(state.unconditional, TensorEquals(empty)) << ToString(method);
    EXPECT_THAT(state.inner_steps, TensorEquals(at::full({3, 5}, 2, at::kLong))) << ToString(method);
    options.learning_rate = 0.01;
    EXPECT_THAT(Run(options).unconditional, Not(TensorNear(empty, 1e-3))) << ToString(method);
  }
}

TEST_F(NullText, AtGuidanceOneThereIsNothingToLearn) {
  const NullTextState state = Run({.steps = 5, .inner_steps = 2, .inversion_guidance = 1});
  EXPECT_THAT(state.unconditional, TensorNear(at::zeros({3, 5, 8, 3}, at::kDouble), 1e-9));
}

TEST_F(NullText, StopsAtNumbersThatAreNotFinite) {
  const NullTextOptions options{.steps = 5};
  NullTextState state = Start(options);
  state.path[3].fill_(std::numeric_limits<double>::quiet_NaN());
  EXPECT_THAT(CatchError([&] { RunNullText(denoiser_, schedule_, context_, options, &state); }),
              FailsWith(ExitCode::kInternal, AllOf(HasSubstr("timestep number 1"), HasSubstr("0.009"))));
  EXPECT_EQ(state.step_idx, 1);
}

}  // namespace
}  // namespace tint
