// SPDX-License-Identifier: Apache-2.0
#include "tint/inversion/textual_inversion.h"

#include <ATen/ATen.h>

#include <limits>

#include "closed_form_world.h"
#include "prelude.h"
#include "tensor_matchers.h"
#include "test_options.h"
#include "tint/tensor/random.h"

namespace tint {
namespace {

using tint::testing::GaussianDenoiser;
using tint::testing::MeanTextEncoder;
using tint::testing::NonlinearDenoiser;
using tint::testing::NonlinearTextEncoder;
using tint::testing::RealTokenizer;
using tint::testing::TensorEquals;
using tint::testing::TensorNear;

TEST_OPTIONS(
    TextualInversionOptions,
    R"({"steps":5000,"learning-rate":0.001,"optimizer":"adam","weight-decay":0.0,"min-timestep":250,)"
    R"("max-timestep":999,"exact-timesteps":false,"batch-size":1,"micro-batch-size":0,"latents":"mean","augmentation":"none",)"
    R"("augmented-copies":16,"prompt":"a photo of an #object","init-word":"object","vectors":1,)"
    R"("preview-every":0})")

// A text encoder and a denoiser, and what else the loop needs.
struct World {
  Denoiser denoiser;
  TextEncoder text_encoder;
  PromptTemplate prompt{RealTokenizer(), text_encoder, "a photo of an #object", "#object", "object", 1};
  NoiseSchedule schedule = {};
  std::vector<PromptTemplate> prompts{prompt};
  std::vector<int64_t> sampler_timesteps = {};

  TextualInversionSetting Setting() const { return {denoiser, text_encoder, schedule, prompts, sampler_timesteps}; }

  TextualInversionState Start(int64_t problems, const TextualInversionOptions& options) const {
    return StartTextualInversion(prompt, problems, options);
  }
  void Run(const std::vector<TextualInversionProblem>& problems, const TextualInversionOptions& options,
           TextualInversionState* state,
           const std::function<void(const TextualInversionState&)>& after_step = {}) const {
    RunTextualInversion(Setting(), problems, options, state, after_step);
  }
  TextualInversionState RunAll(const std::vector<TextualInversionProblem>& problems,
                               const TextualInversionOptions& options) const {
    TextualInversionState state = Start(static_cast<int64_t>(problems.size()), options);
    Run(problems, options, &state);
    return state;
  }
  at::Tensor FixedLoss(const std::vector<TextualInversionProblem>& problems, const TextualInversionOptions& options,
                       const at::Tensor& learned) const {
    return FixedNoiseLoss(Setting(), problems, options, learned);
  }
};

World Gaussian(double std) { return {GaussianDenoiser(std), MeanTextEncoder()}; }
World Nonlinear() { return {NonlinearDenoiser(), NonlinearTextEncoder()}; }

std::vector<TextualInversionProblem> RandomProblems(int64_t problems) {
  std::vector<TextualInversionProblem> list;
  for (int64_t p = 0; p < problems; ++p)
    list.push_back({.latents = at::randn({3, 2, 4, 4}),
                    .deviation = {},
                    .seed = 5,
                    .episode_idx = 2,
                    .class_idx = static_cast<uint64_t>(p)});
  return list;
}

// Two classes of images N(mu, 0.5^2): the learned words must come to mean mu, each its own.
TEST(TextualInversion, RecoversTheMeanOfTheWorldsImages) {
  const World world = Gaussian(0.5);
  std::vector<TextualInversionProblem> problems;
  const std::vector<double> means = {1.25, -0.75};
  for (size_t p = 0; p < means.size(); ++p)
    problems.push_back({.latents = means[p] + 0.5 * at::randn({16, 4, 16, 16}, at::kDouble),
                        .deviation = {},
                        .seed = 3,
                        .class_idx = p});
  const TextualInversionOptions options{.steps = 400, .learning_rate = 0.02, .templates = {}};
  const TextualInversionState state = world.RunAll(problems, options);
  for (size_t p = 0; p < means.size(); ++p)
    EXPECT_NEAR(state.vectors[static_cast<int64_t>(p)].mean().item<double>(), means[p], 0.05) << p;
  const at::Tensor before = world.FixedLoss(problems, options, at::zeros_like(state.vectors));
  const at::Tensor after = world.FixedLoss(problems, options, state.vectors);
  EXPECT_TRUE((after < 0.9 * before).all().item<bool>()) << before << " -> " << after;
}

TEST(TextualInversion, ResumesToTheBitFromACopyOfItsState) {
  const World world = Nonlinear();
  const auto problems = RandomProblems(2);
  const TextualInversionOptions options{.steps = 10, .learning_rate = 0.01, .templates = {}};
  const TextualInversionState through = world.RunAll(problems, options);
  struct Stop {};
  TextualInversionState state = world.Start(2, options);
  EXPECT_THROW(world.Run(problems, options, &state,
                         [](const TextualInversionState& now) {
                           if (now.step == 4) throw Stop();
                         }),
               Stop);
  TextualInversionState copy{.vectors = state.vectors.clone(),
                             .first_moment = state.first_moment.clone(),
                             .second_moment = state.second_moment.clone(),
                             .losses = state.losses.clone(),
                             .step = state.step};
  world.Run(problems, options, &copy);
  EXPECT_EQ(copy.step, 10);
  EXPECT_THAT(copy.vectors, TensorEquals(through.vectors));
  EXPECT_THAT(copy.first_moment, TensorEquals(through.first_moment));
  EXPECT_THAT(copy.second_moment, TensorEquals(through.second_moment));
  EXPECT_THAT(copy.losses, TensorEquals(through.losses));
  EXPECT_TRUE(through.losses.isfinite().all().item<bool>());
}

// docs/method.md, Textual inversion, step by step, with its draws and Adam written out, for one photo.
TEST(TextualInversion, EqualsTheProcedureWrittenOut) {
  const World world = Nonlinear();
  auto problems = RandomProblems(1);
  const at::Tensor z = problems[0].latents.narrow(0, 1, 1).to(at::kDouble);
  problems[0].latents = z;
  const TextualInversionOptions options{
      .steps = 6, .learning_rate = 0.01, .optimizer = WordOptimizer::kAdamW, .weight_decay = 0.1, .templates = {}};
  const TextualInversionState state = world.RunAll(problems, options);
  at::Tensor x = world.prompt.InitialVectors().unsqueeze(0).to(at::kDouble);
  at::Tensor m = at::zeros_like(x), v = at::zeros_like(x);
  for (int64_t k = 0; k < options.steps; ++k) {
    RandomStream stream({5, "textual-inversion", 2, 0, static_cast<uint64_t>(k)});
    const int64_t t = stream.Integer(250, 999);
    const at::Tensor n = stream.Normal({1, 2, 4, 4}).to(at::kDouble), leaf = x.clone().requires_grad_(true);
    const at::Tensor noisy = std::sqrt(world.schedule.AlphaBar(t)) * z + std::sqrt(1 - world.schedule.AlphaBar(t)) * n;
    const at::Tensor context = world.prompt.Context(world.text_encoder, leaf);
    const at::Tensor loss =
        (world.denoiser.PredictNoise(noisy, at::full({1}, t, at::kLong), context) - n).square().mean();
    loss.backward();
    EXPECT_NEAR(state.losses[0][k].item<double>(), loss.item<double>(), 1e-5) << k;
    m = 0.9 * m + 0.1 * leaf.grad();
    v = 0.999 * v + 0.001 * leaf.grad().square();
    const double step = static_cast<double>(k + 1);
    x = x * (1 - 0.01 * 0.1) -
        0.01 * (m / (1 - std::pow(0.9, step))) / ((v / (1 - std::pow(0.999, step))).sqrt() + 1e-8);
  }
  EXPECT_THAT(state.vectors, TensorNear(x.to(at::kFloat), 1e-5));  // the vectors are float32
}

// Batching must not change a problem's mathematics; kernels may sum in another order, so float32's last digits may.
TEST(TextualInversion, OfABatchEqualsThatOfEachClassAlone) {
  const World world = Nonlinear();
  const auto problems = RandomProblems(3);
  const TextualInversionOptions options{
      .steps = 5, .learning_rate = 0.01, .optimizer = WordOptimizer::kAdamW, .weight_decay = 0.01, .templates = {}};
  const TextualInversionState together = world.RunAll(problems, options);
  for (int64_t p = 0; p < 3; ++p) {
    const TextualInversionState alone = world.RunAll({problems[static_cast<size_t>(p)]}, options);
    EXPECT_THAT(alone.losses[0], TensorNear(together.losses[p], 1e-6));
    EXPECT_THAT(alone.vectors[0], TensorNear(together.vectors[p], 1e-5));
  }
}

TEST(TextualInversion, DrawsDependOnSeedEpisodeAndClass) {
  const World world = Nonlinear();
  const TextualInversionOptions options{.steps = 2, .templates = {}};
  auto problems = RandomProblems(1);
  problems[0].latents = problems[0].latents.narrow(0, 0, 1);  // one photo: its order is no draw, timestep and noise are
  const at::Tensor losses = world.RunAll(problems, options).losses;
  EXPECT_THAT(world.RunAll(problems, options).losses, TensorEquals(losses));
  const auto differs = [&](auto member) {
    auto others = problems;
    others[0].*member += 1;
    return !at::allclose(world.RunAll(others, options).losses, losses);
  };
  EXPECT_TRUE(differs(&TextualInversionProblem::seed));
  EXPECT_TRUE(differs(&TextualInversionProblem::episode_idx));
  EXPECT_TRUE(differs(&TextualInversionProblem::class_idx));
}

// A world of one image, 0, and a class of three photos: 0, 1 and 2 everywhere. The loss of photo z is z^2 abar / (1 -
// abar) whatever the noise, so each loss shows which photo was used, and of the second its timestep.
TEST(TextualInversion, UsesEachPhotoOnceAPassAndTimestepsOfTheRange) {
  const World world = Gaussian(0);
  const at::Tensor photos = at::arange(3, at::kDouble).reshape({3, 1, 1, 1}).expand({3, 4, 2, 2});
  const TextualInversionOptions options{
      .steps = 300, .learning_rate = 0, .min_timestep = 400, .max_timestep = 403, .templates = {}};
  const at::Tensor losses = world.RunAll({{.latents = photos, .deviation = {}}}, options).losses[0].to(at::kDouble);
  std::vector<int64_t> timesteps_seen(4), first_photo(3);
  for (int64_t step = 0; step < 300; ++step) {
    int64_t hits = 0;
    for (int64_t photo = 0; photo < 3; ++photo) {
      for (int64_t t = 400; t <= 403; ++t) {
        const double abar = world.schedule.AlphaBar(t);
        const double expected = static_cast<double>(photo * photo) * abar / (1 - abar);
        if (std::abs(losses[step].item<double>() - expected) > 1e-5 * expected + 1e-12) continue;
        ++hits;
        if (step % 3 == 0 && hits == 1) ++first_photo[static_cast<size_t>(photo)];
        if (photo == 1) ++timesteps_seen[static_cast<size_t>(t - 400)];
      }
    }
    EXPECT_GE(hits, 1) << step << ": " << losses[step].item<double>();
  }
  // 100 passes of 3 steps, photo 1 once in each; a quarter of them at each timestep: 25, with a deviation of 4.3.
  EXPECT_EQ(timesteps_seen[0] + timesteps_seen[1] + timesteps_seen[2] + timesteps_seen[3], 100);
  for (const int64_t count : timesteps_seen) EXPECT_NEAR(static_cast<double>(count), 25, 17);
  const at::Tensor zeros_a_pass = (losses.abs() < 1e-12).reshape({100, 3}).sum(1);
  EXPECT_THAT(zeros_a_pass, TensorEquals(at::ones({100}, at::kLong)));
  // Passes are shuffled: photos 1 and 2 do not begin all of them, nor none.
  for (const size_t photo : {1, 2}) EXPECT_NEAR(static_cast<double>(first_photo[photo]), 33, 20) << photo;
}

// The step alone moves the word: without a learning rate it stays at the init word to the bit, with one it does not.
TEST(TextualInversion, StaysAtTheInitWordWithoutALearningRate) {
  const World world = Nonlinear();
  const auto problems = RandomProblems(1);
  const TextualInversionState state = world.RunAll(problems, {.steps = 3, .learning_rate = 0, .templates = {}});
  EXPECT_EQ(state.step, 3);
  EXPECT_THAT(state.vectors[0], TensorEquals(world.prompt.InitialVectors()));
  EXPECT_THAT(world.RunAll(problems, {.steps = 3, .templates = {}}).vectors[0],
              Not(TensorNear(world.prompt.InitialVectors(), 1e-4)));
}

TEST(TextualInversion, StopsAtNumbersThatAreNotFinite) {
  const World world = Nonlinear();
  auto problems = RandomProblems(2);
  problems[1].class_idx = 7;
  problems[1].latents = at::full({3, 2, 4, 4}, std::numeric_limits<float>::infinity());
  TextualInversionState state = world.Start(2, {});
  int64_t steps = 0;
  EXPECT_THAT(CatchError([&] { world.Run(problems, {}, &state, [&](const TextualInversionState&) { ++steps; }); }),
              FailsWith(ExitCode::kInternal, AllOf(HasSubstr("class 7"), HasSubstr("step 0"), HasSubstr("0.001"))));
  EXPECT_LT(steps, 50);                                         // within the steps after which it looks
  EXPECT_TRUE(state.vectors[0].isfinite().all().item<bool>());  // the other class is not affected
}

TEST(TextualInversion, RefusesOptionsThatContradictEachOther) {
  const World world = Nonlinear();
  EXPECT_THAT(CatchError([&] { world.Start(1, {.min_timestep = 500, .max_timestep = 400, .templates = {}}); }),
              FailsWith(ExitCode::kBadConfiguration, HasSubstr("min-timestep: 500")));
  EXPECT_THAT(CatchError([&] { world.Start(1, {.weight_decay = 0.01, .templates = {}}); }),
              FailsWith(ExitCode::kBadConfiguration, HasSubstr("weight-decay")));
}

}  // namespace
}  // namespace tint
