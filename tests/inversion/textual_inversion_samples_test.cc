// SPDX-License-Identifier: Apache-2.0
// What a step is made of: batches, micro-batches, templates, versions, samples of the posterior, the sampler's
// timesteps.
#include <ATen/ATen.h>

#include "closed_form_world.h"
#include "prelude.h"
#include "tensor_matchers.h"
#include "tint/diffusion/noise_schedule.h"
#include "tint/inversion/textual_inversion.h"

namespace tint {
namespace {

using testing::TensorEquals;
using testing::TensorNear;

TextualInversionOptions Steps(int64_t steps) {
  TextualInversionOptions options;
  options.steps = steps;
  options.learning_rate = 0.01;
  return options;
}

// The same draws and losses, but the words stay at the init word.
TextualInversionOptions StepsThatLearnNothing(int64_t steps) {
  TextualInversionOptions options = Steps(steps);
  options.learning_rate = 0;
  return options;
}

struct World {
  Denoiser denoiser;
  TextEncoder text_encoder;
  int64_t vectors = 1;
  NoiseSchedule schedule = {};
  std::vector<PromptTemplate> prompts = {Prompt("a photo of an #object")};
  std::vector<int64_t> sampler_timesteps = {};

  PromptTemplate Prompt(const std::string& text) const {
    return PromptTemplate(testing::RealTokenizer(), text_encoder, text, "#object", "object", vectors);
  }
  TextualInversionState Run(const std::vector<TextualInversionProblem>& problems,
                            const TextualInversionOptions& options) const {
    TextualInversionState state = StartTextualInversion(prompts[0], static_cast<int64_t>(problems.size()), options);
    RunTextualInversion({denoiser, text_encoder, schedule, prompts, sampler_timesteps}, problems, options, &state);
    return state;
  }
};

World Nonlinear(int64_t vectors = 1) {
  return {testing::NonlinearDenoiser(), testing::NonlinearTextEncoder(), vectors};
}

TextualInversionProblem Problem(const at::Tensor& latents, uint64_t class_idx = 0) {
  TextualInversionProblem problem;
  problem.latents = latents;
  problem.seed = 5;
  problem.class_idx = class_idx;
  return problem;
}

std::vector<TextualInversionProblem> RandomProblems(int64_t count) {
  std::vector<TextualInversionProblem> problems;
  for (int64_t p = 0; p < count; ++p) problems.push_back(Problem(at::randn({3, 2, 4, 4}), static_cast<uint64_t>(p)));
  return problems;
}

// Sample s of a class is the same whichever batch it falls in: two steps of one are one step of two, if nothing moves.
TEST(TextualInversionBatch, LossIsTheMeanOfItsSamples) {
  const World world = Nonlinear();
  const auto problems = RandomProblems(2);
  TextualInversionOptions pairs = StepsThatLearnNothing(3);
  pairs.batch_size = 2;
  const at::Tensor single = world.Run(problems, StepsThatLearnNothing(6)).losses,
                   paired = world.Run(problems, pairs).losses;
  EXPECT_THAT(paired, TensorNear(single.reshape({2, 3, 2}).mean(2), 1e-6));
}

TEST(TextualInversionMicroBatch, ChangesNothingButRounding) {
  const World world = Nonlinear();
  const auto problems = RandomProblems(3);
  TextualInversionOptions options = Steps(5);
  options.batch_size = 2;
  const TextualInversionState whole = world.Run(problems, options);
  for (const int64_t micro_batch : {1, 4, 5}) {
    options.micro_batch_size = micro_batch;
    const TextualInversionState micro_batches = world.Run(problems, options);
    EXPECT_THAT(micro_batches.vectors, TensorNear(whole.vectors, 1e-5)) << micro_batch;
    EXPECT_THAT(micro_batches.losses, TensorNear(whole.losses, 1e-5)) << micro_batch;
  }
}

TEST(TextualInversionVectors, EachGetsAGradient) {
  const World world = Nonlinear(2);  // the small world's context is 8 tokens: two have room
  const TextualInversionState state = world.Run(RandomProblems(2), Steps(1));
  const at::Tensor moved = (state.vectors - world.prompts[0].InitialVectors()).abs().sum(2);
  EXPECT_TRUE((moved > 0).all().item<bool>()) << moved;
}

TEST(TextualInversionVectors, LeaveTheTokenTableAlone) {
  const World world = Nonlinear();
  std::vector<at::Tensor> before;
  for (const auto& [name, tensor] : world.text_encoder.module().Parameters()) before.push_back(tensor.clone());
  TextualInversionOptions options = Steps(4);
  options.optimizer = WordOptimizer::kAdamW;
  options.weight_decay = 0.1;
  world.Run(RandomProblems(1), options);
  size_t i = 0;
  for (const auto& [name, tensor] : world.text_encoder.module().Parameters())
    EXPECT_THAT(tensor, TensorEquals(before[i++])) << name;
}

// With templates of equal text nothing changes; another text in their place does, in the samples that drew it alone.
TEST(TextualInversionTemplates, EachSampleDrawsOne) {
  World world = Nonlinear();
  const auto problems = RandomProblems(2);
  const at::Tensor alone = world.Run(problems, StepsThatLearnNothing(60)).losses;
  world.prompts.push_back(world.prompts[0]);
  EXPECT_THAT(world.Run(problems, StepsThatLearnNothing(60)).losses, TensorNear(alone, 1e-6));
  world.prompts[1] = world.Prompt("the #object in a small image");
  const at::Tensor changed = (world.Run(problems, StepsThatLearnNothing(60)).losses - alone).abs() > 1e-7;
  const auto drawn = changed.sum().item<int64_t>();  // of 120, binomial with 1/2: deviation 5.5
  EXPECT_GT(drawn, 35);
  EXPECT_LT(drawn, 85);
}

// A world of one image, 0: the loss of latents z is mean(z^2) abar / (1 - abar), so it shows which version was drawn.
TEST(TextualInversionVersions, AreDrawnEvenly) {
  const World world{testing::GaussianDenoiser(0), testing::MeanTextEncoder()};
  TextualInversionProblem problem = Problem(at::stack({at::zeros({4, 2, 2}), at::ones({4, 2, 2})}));
  problem.versions = 2;
  const at::Tensor losses = world.Run({problem}, StepsThatLearnNothing(200)).losses;
  const auto second = (losses > 1e-6).sum().item<int64_t>();  // deviation 7
  EXPECT_GT(second, 60);
  EXPECT_LT(second, 140);
}

// z = 0 + 2 n': mean(z^2) is 4 on average over 200 x 400 numbers.
TEST(TextualInversionPosterior, IsSampledWithItsDeviation) {
  const World world{testing::GaussianDenoiser(0), testing::MeanTextEncoder()};
  TextualInversionProblem problem = Problem(at::zeros({1, 4, 10, 10}));
  problem.deviation = at::full({1, 4, 10, 10}, 2.0);
  TextualInversionOptions options = StepsThatLearnNothing(200);
  options.min_timestep = options.max_timestep = 500;
  const double abar = world.schedule.AlphaBar(500);
  const double found = world.Run({problem}, options).losses.mean().item<double>();
  EXPECT_NEAR(found / (abar / (1 - abar)), 4.0, 0.15);
}

TEST(TextualInversionTimesteps, ExactOnesAreTheSamplers) {
  World world{testing::GaussianDenoiser(0), testing::MeanTextEncoder()};
  world.sampler_timesteps = SamplerTimesteps(10, TimestepSpacing::kTrailing);  // 999, 899, ..., 99
  TextualInversionOptions options = StepsThatLearnNothing(200);
  options.exact_timesteps = true;
  options.min_timestep = 750;
  const at::Tensor losses = world.Run({Problem(at::ones({1, 4, 2, 2}))}, options).losses[0].to(at::kDouble);
  int64_t seen = 0;
  for (const int64_t t : {799, 899, 999}) {
    const double abar = world.schedule.AlphaBar(t), expected = abar / (1 - abar);
    seen += ((losses - expected).abs() < 1e-3 * expected).sum().item<int64_t>();
  }
  EXPECT_EQ(seen, 200);
  options.min_timestep = 910;
  options.max_timestep = 990;
  EXPECT_THAT(CatchError([&] {
                world.Run({Problem(at::ones({1, 4, 2, 2}))}, options);
              }),
              FailsWith(ExitCode::kBadConfiguration, HasSubstr("exact-timesteps")));
}

}  // namespace
}  // namespace tint
